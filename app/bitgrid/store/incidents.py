"""A damaged database: set aside under a dated name, never deleted, and what can be given back put in its place.

Each incident has a directory of its own, ``set-aside/<when>-<file>/``, with the file as it was found, what
SQLite kept beside it, and ``incident.json``, which says what happened. What replaces it is made first and on
the disk before anything moves, and a note of what is under way (``pending.json``) comes before the first move:
a power cut at any point leaves either the damaged file where it was, or an incident that `resume` brings to its
end. Nobody may open the file between the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from bitgrid.clock import Clock
from bitgrid.store.errors import StoreError
from bitgrid.store.files import BESIDE, stamp, sync, write_whole

_PENDING, _DONE = "pending.json", "incident.json"
_REPLACEMENT = "replacement.sqlite"


@dataclass(frozen=True)
class Loss:
    """What happened to a database.

    Args:
        file: where it is, as a path.
        problem: what was wrong with it.
        at_s: when that was found, UTC epoch seconds.
        aside: the directory in which it now is.
        given_back: from what it was given back, and up to when; empty: it was begun anew.
    """

    file: str
    problem: str
    at_s: int
    aside: str
    given_back: str

    def __str__(self) -> str:
        how = (
            f"given back from {self.given_back}; what came after that is lost" if self.given_back else "begun anew"
        )
        return f"{self.file} was damaged ({self.problem}); it is kept in {self.aside}, and was {how}"

    @property
    def event(self) -> dict[str, str | int]:
        """For the ledger."""
        return {"what": "store_damaged", "event_id": Path(self.aside).name, **asdict(self)}


class Replacement(NamedTuple):
    """What takes a damaged database's place.

    Args:
        told: from what it is made, for people; empty where it begins anew.
        make: makes it, whole and durable, as the file it is given; or no file at all.
    """

    told: str
    make: Callable[[Path, Loss], None]


def replace(path: Path, problem: str, other: Replacement, root: Path, clock: Clock) -> Loss:
    """Set a database aside and put another in its place.

    Args:
        path: the database.
        problem: what is wrong with it.
        other: what takes its place.
        root: where incidents are kept.
        clock: for the date in the name.

    Raises:
        StoreError: the other could not be made; nothing was moved.
    """
    incident = _directory(root, f"{stamp(clock.now())}-{path.name}")
    loss = Loss(str(path), problem, int(clock.now()), str(incident), other.told)
    try:
        incident.mkdir(parents=True)
        other.make(incident / _REPLACEMENT, loss)
        write_whole(incident / _PENDING, json.dumps(asdict(loss)).encode())
        sync(root)
        sync(root.parent)
    except (OSError, StoreError) as error:
        _give_up(incident)
        raise StoreError(f"{path} is damaged ({problem}), and nothing can be put in its place: {error}") from error
    return _carry_out(incident)


def resume(root: Path, is_mine: Callable[[Path], bool]) -> Loss | None:
    """Bring an incident to its end that was cut off; the last one, where there are several.

    Raises:
        StoreError: it cannot be; the database must not be opened.
    """
    loss = None
    for note in sorted(root.glob(f"*/{_PENDING}")):
        if is_mine(Path(_read(note).file)):
            loss = _carry_out(note.parent)
    return loss


def _carry_out(incident: Path) -> Loss:
    loss = _read(incident / _PENDING)
    path = Path(loss.file)
    try:
        for ending in ("", *BESIDE):
            part, aside = path.with_name(path.name + ending), incident / (path.name + ending)
            if part.exists() and not aside.exists():
                part.rename(aside)
        sync(incident)
        sync(path.parent)
        if (incident / _REPLACEMENT).exists():
            (incident / _REPLACEMENT).rename(path)
            sync(path.parent)
        (incident / _PENDING).rename(incident / _DONE)
        sync(incident)
    except OSError as error:
        raise StoreError(f"{path} is damaged, and cannot be set aside: {error}") from error
    return loss


def _directory(root: Path, name: str) -> Path:
    """A name that is not taken, however many incidents a second has."""
    taken = [path.name for path in root.glob(f"{name}*")]
    return root / (f"{name}.{len(taken)}" if taken else name)


def _read(note: Path) -> Loss:
    try:
        return Loss(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{note} cannot be read: {error}") from error


def _give_up(incident: Path) -> None:
    """Nothing was moved: what was begun of it goes."""
    for path in incident.glob("*"):
        path.unlink()
    if incident.is_dir():
        incident.rmdir()
