"""Checks of the machine: programs, versions, clock, disk, permissions."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bitgrid
from bitgrid.clock import Clock
from bitgrid.ops.checks.finding import Finding, error, ok, warn
from bitgrid.ops.programs import SYSTEM_DIRECTORIES
from bitgrid.store.files import nearest_directory

MB = 1_000_000
DISK_LOW_B, DISK_FULL_B = 500 * MB, 100 * MB
RELEASED_S = 1_790_000_000
"""A moment in September 2026, before the first release: an earlier clock is certainly wrong."""
_PATIENCE_S = 30.0
"""For a command; a small computer takes a while to start the service that answers timedatectl."""
PACKAGES = {"mosquitto": "mosquitto", "setpriv": "util-linux"}

Ask = Callable[[Sequence[str]], str | None]
"""Runs a command and returns what it printed; None when it is missing or fails."""


@dataclass(frozen=True)
class Places:
    """Directories of a house; ``secrets`` need not exist."""

    data: Path
    run: Path
    secrets: Path


def run_command(command: Sequence[str]) -> str | None:
    """The real `Ask`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)  # noqa: S603  own words
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def versions() -> Iterator[Finding]:
    """What is installed."""
    yield ok(
        "version",
        f"bitgrid {bitgrid.__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )


def programs(names: Iterable[str]) -> Iterator[Finding]:
    """Whether the system programs are there."""
    for name in names:
        path = shutil.which(name) or shutil.which(name, path=SYSTEM_DIRECTORIES)
        if path:
            yield ok(name, path)
        else:
            yield error(
                name,
                "is not installed",
                "The house cannot be started without it.",
                f"sudo apt-get install {PACKAGES.get(name, name)}",
            )


def clock(machine: Clock, ask: Ask = run_command) -> Iterator[Finding]:
    """Whether the machine's time can be believed."""
    if machine.now() < RELEASED_S:
        yield error(
            "clock",
            "shows a time before this version was made",
            "Blocks and records would be numbered wrongly, and certificates are refused.",
            "sudo timedatectl set-ntp true",
        )
        return
    synced = ask(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    if synced == "yes":
        yield ok("clock", "is synchronized")
    elif synced == "no":
        yield warn(
            "clock",
            "is not synchronized",
            "It may drift, and a correction later is a step that costs one block.",
            "sudo timedatectl set-ntp true",
        )
    else:
        yield warn("clock", "whether it is synchronized cannot be told here", "Check that NTP or chrony runs.")


def disk(directory: Path, *, must_write: bool = True) -> Iterator[Finding]:
    """Whether there is room to write, and leave to, where whoever asks is who writes."""
    subject, place = "disk", nearest_directory(directory)
    free_b = shutil.disk_usage(place).free
    text = f"{free_b / MB:,.0f} MB free at {directory}"
    if free_b < DISK_FULL_B:
        yield error(subject, text, "No decision can be recorded, so nothing starts. Free some space.", "df -h")
    elif free_b < DISK_LOW_B:
        yield warn(subject, text, "That is little; free some space.", "df -h")
    else:
        yield ok(subject, text)
    if must_write and not os.access(place, os.W_OK | os.X_OK):
        yield error(
            subject,
            f"{place} cannot be written by this user",
            "No decision can be recorded. Run as the house's user, or give the directory to it.",
            f"ls -ld {place}",
        )


def permissions(places: Places) -> Iterator[Finding]:
    """Whether data, sockets and secrets are kept from others."""
    for subject, directory in (("data", places.data), ("sockets", places.run)):
        if directory.is_dir():
            yield _closed_to_others(subject, directory, 0o002, "written by everyone", "o-w")
    for path in _reachable(places.secrets):
        forbidden, change = (0o026, "g-w,o-rw") if path.is_dir() else (0o077, "go-rwx")
        yield _closed_to_others("secrets", path, forbidden, "read or written by others", change)


def _reachable(directory: Path) -> Iterator[Path]:
    """A directory, and all in it that this user may look at."""
    if not directory.is_dir():
        return
    yield directory
    try:
        entries = sorted(directory.iterdir())
    except PermissionError:
        return
    for entry in entries:
        if entry.is_dir():
            yield from _reachable(entry)
        else:
            yield entry


def _closed_to_others(subject: str, path: Path, forbidden: int, how: str, change: str) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & forbidden:
        return error(subject, f"{path} can be {how} ({mode:04o})", "Close it.", f"chmod {change} {path}")
    return ok(subject, f"{path} ({mode:04o})")
