"""A research bundle named on the command line: verified, then read in place of a house."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bitgrid.config import Config
from bitgrid.ops.errors import Refusal
from bitgrid.replay.archive import Library
from bitgrid.replay.errors import ReplayError
from bitgrid.research.errors import BadBundle
from bitgrid.research.reading import Bundle, Verified, opened


@contextmanager
def believed(path: Path) -> Iterator[tuple[Bundle, Verified]]:
    """An open bundle, every byte of it verified.

    Raises:
        Refusal: it is none, or was changed.
    """
    try:
        with opened(path) as bundle:
            with click.progressbar(length=1, label="verifying", file=sys.stderr) as bar:

                def heard(done: int, files: int) -> None:
                    bar.length = files
                    bar.update(done - bar.pos)

                verified = bundle.verify(heard)
            yield bundle, verified
    except BadBundle as error:
        raise Refusal(str(error)) from None


def newest_config(bundle: Bundle, verified: Verified) -> Config:
    """The configuration that was in force last.

    Raises:
        Refusal: the bundle holds none, or none that this version can read.
    """
    names = verified.about.configurations
    if not names:
        raise Refusal("the bundle holds no decisions, so there is nothing to replay or simulate")
    try:
        return Library(bundle).rulebook(names[-1]).config
    except ReplayError as error:
        raise Refusal(f"the bundle cannot be used: {error}") from None
