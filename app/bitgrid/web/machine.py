"""What runs here: version, release, operating system, and whether something newer waits for a restart.

A release is a directory beside others (`docs/operating.md`); the one that runs is where this interpreter lives.
May touch: nothing; reads a few files of the system.
"""

from __future__ import annotations

import platform
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

import bitgrid

RELEASES = "releases"
_REBOOT = Path("run") / "reboot-required"
_WHOLE = Path("usr") / "sbin" / "bitgrid-update"
"""There on a card, where no release is installed beside another: the system is renewed as a whole."""


@dataclass(frozen=True)
class Machine:
    """The machine and the program.

    Args:
        version: of BitGrid.
        release: the directory it runs from, where it is one of several releases; else empty.
        others: further releases that are installed.
        current: the release that the next start takes; empty where there are no releases.
        system: the operating system.
        parts: what it is built of, with versions.
        needs_restart: whether updates of the system wait for a restart of the computer.
        is_card: whether it is renewed as a whole, as a card is.
    """

    version: str
    release: str
    others: tuple[str, ...]
    current: str
    system: str
    parts: tuple[tuple[str, str], ...]
    needs_restart: bool
    is_card: bool

    @property
    def is_outdated(self) -> bool:
        """Whether another release was made current, and this one still runs."""
        return bool(self.current) and self.current != self.release


def look(prefix: Path | None = None, root: Path = Path("/")) -> Machine:
    """The machine as it is.

    Args:
        prefix: where the program runs from; by default this interpreter's.
        root: of the system's files; another one in tests.
    """
    place = (prefix or Path(sys.prefix)).resolve()
    is_release = place.parent.name == RELEASES
    return Machine(
        version=bitgrid.__version__,
        release=place.name if is_release else "",
        others=tuple(_others(place)) if is_release else (),
        current=_current(place) if is_release else "",
        system=_system(root),
        parts=(("Python", platform.python_version()), ("SQLite", sqlite3.sqlite_version)),
        needs_restart=(root / _REBOOT).exists(),
        is_card=(root / _WHOLE).exists(),
    )


def _others(place: Path) -> list[str]:
    return sorted(one.name for one in place.parent.iterdir() if one.is_dir() and one.name != place.name)


def _current(place: Path) -> str:
    """What ``current`` beside the releases points to."""
    link = place.parent.parent / "current"
    return link.resolve().name if link.is_symlink() else ""


def _system(root: Path) -> str:
    try:
        lines = (root / "etc" / "os-release").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    return f"{told.get('PRETTY_NAME', platform.system()).strip(chr(34))}, {platform.machine()}"
