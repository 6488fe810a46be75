"""Whether a root that an owner brings is one that BitGrid can be put into, and who lives in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from bitgrid_image.base import USERS
from bitgrid_image.boot import PI_KERNELS
from bitgrid_image.disk import ADVICE
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.packages import states
from bitgrid_image.tools import SUITE

_PEOPLE = range(1000, 60000)
"""Numbers of users that are persons (Debian policy, "UID and GID classes")."""
_MEMBERS = {"group", "gshadow"}


def check(root: Path) -> None:
    """See that a root is of Raspberry Pi OS, and of one that fits.

    Raises:
        ImageError: it is not; with what it is instead.
    """
    if not (root / "etc/rpi-issue").is_file():
        raise ImageError(f"BASE is no Raspberry Pi OS: it has no /etc/rpi-issue. {ADVICE}")
    if (suite := _suite(root)) != SUITE:
        raise ImageError(f"BASE is Raspberry Pi OS of {suite}, and BitGrid's packages are of {SUITE}. {ADVICE}")
    kind = next((one["Architecture"] for one in states(root) if one["Package"] == "dpkg"), "unknown")
    if kind != Machine.ARM64:
        raise ImageError(f"BASE is for {kind}: the 32-bit Raspberry Pi OS, or another. {ADVICE}")
    for name in (*PI_KERNELS, "overlays/README", "start4.elf"):
        if not (root / "boot/firmware" / name).exists():
            raise ImageError(
                f"BASE has no {name} on its boot partition, so a Raspberry Pi 5 cannot start. {ADVICE}"
            )
    for _, end in PI_KERNELS.values():
        modules(root, end)
    told = list(collisions(root))
    if told:
        raise ImageError(
            "BASE has users in the places of BitGrid's own, whose numbers own what is on the data partition: "
            f"{'; '.join(told)}. {ADVICE}, as it is downloaded and never started"
        )


def modules(root: Path, end: str) -> str:
    """The version of the one kernel whose name ends so.

    Raises:
        ImageError: there is none, or there are several.
    """
    found = [path.name for path in (root / "usr/lib/modules").glob(f"*{end}")]
    if len(found) != 1:
        raise ImageError(f"BASE has {len(found)} kernels *{end} ({', '.join(found)}), and one is wanted. {ADVICE}")
    return found[0]


def collisions(root: Path) -> Iterator[str]:
    """Which users and groups stand where `USERS` would put its own, in words."""
    for file, kinds in (("passwd", "u"), ("group", "ug")):
        known = {row[0]: row[2] for row in _rows(root / "etc" / file)}
        for name, number in _fixed(kinds):
            holder = next((one for one, held in known.items() if held == number), name)
            if holder != name:
                yield f"{number} of {name} is {holder}'s in /etc/{file}"
            elif known.get(name, number) != number:
                yield f"{name} has {known[name]} instead of {number} in /etc/{file}"


def forget_people(root: Path) -> None:
    """Remove every person's account and home: nobody has one in an image, and no password is known beforehand."""
    people = {row[0] for row in _rows(root / "etc/passwd") if int(row[2]) in _PEOPLE}
    for file in ("passwd", "shadow", "group", "gshadow", "subuid", "subgid"):
        path = root / "etc" / file
        for known in (path, path.with_name(f"{file}-")):
            if known.is_file():
                rows = [row for row in _rows(known) if row[0] not in people]
                known.write_text("".join(":".join(_left(file, row, people)) + "\n" for row in rows), "utf-8")
    for name in people:
        shutil.rmtree(root / "home" / name, ignore_errors=True)


def _left(file: str, row: list[str], people: set[str]) -> list[str]:
    if file not in _MEMBERS:
        return row
    return [*row[:-1], ",".join(name for name in row[-1].split(",") if name not in people)]


def _suite(root: Path) -> str:
    told = (root / "etc/os-release").read_text("utf-8") if (root / "etc/os-release").is_file() else ""
    named = [line.split("=", 1)[1] for line in told.splitlines() if line.startswith("VERSION_CODENAME=")]
    return named[0].strip('"') if named else "an unknown suite"


def _rows(path: Path) -> list[list[str]]:
    return [line.split(":") for line in path.read_text("utf-8").splitlines() if ":" in line]


def _fixed(kinds: str) -> Iterator[tuple[str, str]]:
    for line in USERS.read_text("utf-8").splitlines():
        if line[:1] and line[0] in kinds:
            yield line.split()[1], line.split()[2]
