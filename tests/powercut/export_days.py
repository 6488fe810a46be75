"""Scenario: the signing key made at first use, and a research bundle of a private home.

Promised: a bundle is whole or absent, and there once `export` has returned; the key that signed it is there; what
is left of an export that was cut does not hinder the next one.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bitgrid.clock import HeldClock
from bitgrid.research.layout import Scope
from bitgrid.research.making import Exporter
from bitgrid.research.reading import opened
from bitgrid.research.signing import own_key
from powercut.child import Teller
from powercut.judge import Told
from replay.houses import MAY_MORNING_S
from research.homes import CLOCK_S, Home, lived, private

_BLOCKS = 12
_SCOPE = Scope(("decisions", "events"), MAY_MORNING_S, MAY_MORNING_S + _BLOCKS * 600)


@cache
def _home() -> tuple[Home, TemporaryDirectory[str]]:
    """A home's archive; it is not what is cut here, so it lies elsewhere, as long as this process lives."""
    place = TemporaryDirectory(prefix="bitgrid-powercut-home-")
    return lived(Path(place.name) / "archive", private(), _BLOCKS).write(), place


def _export(root: Path, name: str) -> None:
    home, _ = _home()
    exporter = Exporter(home.archive, home.paper, own_key(root / "secrets"), HeldClock(wall_s=CLOCK_S))
    exporter.export(_SCOPE, "ab" * 16, root / name)


def play(root: Path, tell: Teller) -> None:
    """A key and two bundles; the secrets' directory is the installer's, and older than any power cut."""
    _home()
    (root / "secrets").mkdir(mode=0o700)
    os.sync()
    tell("key", id=own_key(root / "secrets").public.id)
    for name in ("first.zip", "second.zip"):
        _export(root, name)
        tell("bundle", name=name)


def check(root: Path, told: Told) -> None:
    """Each bundle is whole or absent; those that were told are there; one that is absent can be made."""
    key = own_key(root / "secrets").public.id
    assert all(one["id"] == key for one in told.done("key")), "the key that signed is lost"
    names = [one["name"] for one in told.done("bundle")]
    assert all((root / name).exists() for name in names), "a bundle that was made is lost"
    for name in ("first.zip", "second.zip"):
        if not (root / name).exists():
            _export(root, name)
        with opened(root / name) as bundle:
            assert sum(bundle.verify().about.rows.values()) >= _BLOCKS
