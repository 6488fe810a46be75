"""A private home, recorded once, and its bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.research.layout import KINDS, Scope
from bitgrid.research.making import Exporter, Limits, Made
from bitgrid.research.signing import own_key
from replay.houses import MAY_MORNING_S
from research.homes import CLOCK_S, Home, lived, private

BLOCKS = 150
"""25 hours, so that two UTC days are in it."""
WHOLE = Scope(KINDS, MAY_MORNING_S, MAY_MORNING_S + BLOCKS * 600)
BUNDLE_ID = "ab" * 16


def exporter(home: Home, secrets: Path, limits: Limits | None = None, clock: HeldClock | None = None) -> Exporter:
    return Exporter(home.archive, home.paper, own_key(secrets), clock or HeldClock(wall_s=CLOCK_S), limits)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return lived(tmp_path_factory.mktemp("home") / "archive", private(), BLOCKS).write()


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="session")
def made(home: Home, secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path_factory.mktemp("out") / "home.zip")
