"""The archive's scenario and the export's with one care taken away; each must be caught."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bitgrid.research import container, making
from bitgrid.store.archive import files, manifest, writer
from bitgrid.store.archive.columns import KINDS
from powercut import archive_days, export_days, hot_to_cold_days
from powercut.child import Teller


def in_place(root: Path, tell: Teller) -> None:
    """Nothing is taken away; the directories are there."""
    for kind in KINDS:
        (root / "archive" / kind).mkdir(parents=True)
    os.sync()
    archive_days.play(root, tell)


def never_synced(root: Path, tell: Teller) -> None:
    """A day's file gets its name without a sync of what it holds."""
    files.os = _Os(lambda _handle: None)
    in_place(root, tell)


def unnamed(root: Path, tell: Teller) -> None:
    """The manifest's line is not synced."""
    manifest.os = _Os(lambda _handle: None)
    in_place(root, tell)


def hot_to_cold_in_place(root: Path, tell: Teller) -> None:
    """Nothing is taken away; the directories are there."""
    for kind in KINDS:
        (root / "archive" / kind).mkdir(parents=True)
    os.sync()
    hot_to_cold_days.play(root, tell)


def deleted_too_soon(root: Path, tell: Teller) -> None:
    """Hot telemetry is deleted before its archived day is on the disk."""
    files.os = manifest.os = _Os(lambda _handle: None)
    manifest.sync = writer.sync = lambda _directory: None
    hot_to_cold_in_place(root, tell)


def export_never_synced(root: Path, tell: Teller) -> None:
    """A bundle gets its name without a sync of what it holds."""
    container.os = _Os(lambda _handle: None)
    making.sync = lambda _directory: None
    export_days.play(root, tell)


class _Os:
    """The module `os` with another fsync."""

    def __init__(self, fsync: Callable[[int], None]) -> None:
        self.fsync = fsync

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever os has
        return getattr(os, name)
