"""Which packages are in a root, each by its version and hash: written down once, and held against at every build.

apt proves a package against the index, and the index against Debian's signature; the lock proves that it is the
package of last time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError

UNKNOWN = "unknown"
"""In place of a hash that no index names."""
_MOST_TOLD = 12
_HEAD = "# Package, architecture, version, SHA-256 of its file; written by the build from the indexes it used.\n"


@dataclass(frozen=True, order=True)
class Package:
    """A package as it was installed.

    Args:
        name: its name.
        architecture: arm64, amd64 or all.
        version: of Debian.
        sha256: of its file, by the index; or `UNKNOWN`.
    """

    name: str
    architecture: str
    version: str
    sha256: str


def installed(root: Path, *, is_owners: bool = False) -> list[Package]:
    """Every package of a root, sorted.

    Args:
        root: with the indexes that it was made from.
        is_owners: whether somebody else made it: of a package that no index has any more the hash is `UNKNOWN`.

    Raises:
        ImageError: of a root of ours, one is in no index that it has.
    """
    found, hashes = [_identity(one) for one in states(root)], dict(_indexed(root))
    unknown = [" ".join(one) for one in found if one not in hashes]
    if is_owners:
        hashes |= {one: UNKNOWN for one in found if one not in hashes}
    elif unknown:
        raise ImageError(f"in no package index of {root}: {', '.join(unknown[:_MOST_TOLD])}")
    return sorted(Package(*one, hashes[one]) for one in found)


def states(root: Path) -> list[dict[str, str]]:
    """What dpkg knows of each package that is installed."""
    status = (root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    return [one for one in _paragraphs(status) if one.get("Status") == "install ok installed"]


def render(packages: list[Package]) -> str:
    """The lock's text."""
    lines = (f"{one.name} {one.architecture} {one.version} {one.sha256}\n" for one in sorted(packages))
    return _HEAD + "".join(lines)


def parse(text: str) -> list[Package]:
    """What a lock's text says.

    Raises:
        ImageError: it is none.
    """
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    for words in lines:
        if len(words) != len(Package.__dataclass_fields__):
            raise ImageError(f"the lock cannot be read at: {' '.join(words)}; write it anew")
    return [Package(*words) for words in lines]


def differences(locked: list[Package], found: list[Package]) -> list[str]:
    """What is otherwise than locked, in words; empty when nothing is."""
    before = {(one.name, one.architecture): one for one in locked}
    now = {(one.name, one.architecture): one for one in found}
    told = []
    for key in sorted(before.keys() | now.keys()):
        was, is_ = before.get(key), now.get(key)
        if was != is_:
            told.append(f"{key[0]}: {_told(was)} is locked, {_told(is_)} was found")
    return told


def hold(lock: Path, found: list[Package]) -> None:
    """See that a root has exactly the packages of the lock.

    Raises:
        ImageError: it has not; with what differs, and what to do.
    """
    if not lock.is_file():
        raise ImageError(f"{lock.name} is not there, so nobody knows what belongs into the image")
    told = differences(parse(lock.read_text(encoding="utf-8")), found)
    if told:
        if len(told) > _MOST_TOLD:
            told = [*told[:_MOST_TOLD], f"and {len(told) - _MOST_TOLD} more"]
        advice = "Take a snapshot of the mirror of that day, or write the lock anew and read what changed."
        raise ImageError("\n".join([f"the packages are not those of {lock.name}:", *told, advice]))


def _told(package: Package | None) -> str:
    return "nothing" if package is None else f"{package.version} ({package.sha256[:12]})"


def _identity(paragraph: Mapping[str, str]) -> tuple[str, str, str]:
    return paragraph["Package"], paragraph["Architecture"], paragraph["Version"]


def _indexed(root: Path) -> Iterator[tuple[tuple[str, str, str], str]]:
    for index in sorted((root / "var/lib/apt/lists").glob("*_Packages")):
        for paragraph in _paragraphs(index.read_text(encoding="utf-8")):
            yield _identity(paragraph), paragraph["SHA256"]


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    """Of a file in Debian's form (deb822); lines that go on are left out: nothing that is asked for has one."""
    for block in text.split("\n\n"):
        pairs = (line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] not in " \t#")
        paragraph = {pair[0]: pair[1] for pair in pairs}
        if paragraph:
            yield paragraph
