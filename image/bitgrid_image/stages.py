"""Stages: what takes long is made once, and made again only when something it is made from has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError


@dataclass(frozen=True)
class Stage:
    """A directory that follows from its inputs.

    Args:
        name: of the stage.
        inputs: all that it is made from: texts as they are, files and trees by their content, modes and names.
        make: makes it in an empty directory.
    """

    name: str
    inputs: tuple[str | Path, ...]
    make: Callable[[Path], None]

    @property
    def key(self) -> str:
        """Another one for other inputs.

        Raises:
            ImageError: an input is not there.
        """
        found = hashlib.sha256(self.name.encode())
        for one in self.inputs:
            for part in _parts(one):
                found.update(len(part).to_bytes(8) + part)
        return found.hexdigest()[:16]

    def place(self, cache: Path) -> Path:
        """Where in the cache it is, or would be.

        Raises:
            ImageError: an input is not there.
        """
        return cache / f"{self.name}-{self.key}"

    def made(self, cache: Path, tell: Callable[[str], None]) -> Path:
        """Where it is; made now if it is not yet there. Half of it is never found there.

        Args:
            cache: where stages are kept.
            tell: told what is done.

        Raises:
            ImageError: it cannot be made.
        """
        place = self.place(cache)
        if place.is_dir():
            tell(f"{self.name}: as it was ({self.key})")
            return place
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f".{place.name}.{os.getpid()}"
        tell(f"{self.name}: is made ({self.key})")
        unfinished.mkdir()
        try:
            self.make(unfinished)
            unfinished.rename(place)
        finally:
            remove(unfinished)
        return place


def remove(tree: Path) -> None:
    """Remove a tree that a stage was made in, if nothing is mounted below it any more.

    Raises:
        ImageError: something is mounted there; removing it would reach into this computer.
    """
    places = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    below = [place for line in places if Path(place := line.split()[4]).is_relative_to(tree.absolute())]
    if below:
        raise ImageError(f"{', '.join(below)} is mounted still; unmount it, then remove {tree}")
    if tree.exists():
        shutil.rmtree(tree)


def _parts(one: str | Path) -> Iterator[bytes]:
    if isinstance(one, str):
        yield one.encode()
        return
    for path in _tree(one):
        told = path.lstat()
        name = "" if path == one else str(path.relative_to(one))
        yield f"{name} {stat.filemode(told.st_mode)}".encode()
        if path.is_symlink():
            yield os.fsencode(path.readlink())
        elif path.is_file():
            yield _digest(path)


def _tree(one: Path) -> Iterable[Path]:
    if not one.is_symlink() and not one.exists():
        raise ImageError(f"{one} is not there, and the image is made from it")
    return [one, *sorted(one.rglob("*"))] if one.is_dir() else [one]


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
