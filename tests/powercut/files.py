"""One file on a disk that can lose its power: what is on the platter, and what was written since.

Pending are writes and changes of size that no fsync has followed. A power cut leaves any of them, in whole, in
part, or none; `survivor` says what the file then holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

SECTOR_BYTES = 512
"""What a disk writes in whole or not at all."""


@dataclass(frozen=True)
class Change:
    """A write at an offset, or (``data`` is None) a size set."""

    offset: int
    data: bytes | None


Content = tuple[int, bytes]
"""A file's mode and bytes."""
Fate = Callable[[Change], Change | None]
"""What becomes of a pending change: the same, another, or nothing."""


@dataclass
class File:
    """A file; ``now`` is what a process reads, ``durable`` what is on the platter."""

    mode: int
    durable_mode: int
    now: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def change(self, change: Change) -> None:
        """A write or a size set, not durable yet."""
        _apply(self.now, change)
        self.pending.append(change)

    def sync(self) -> None:
        """Everything written so far is durable."""
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()
        self.durable_mode = self.mode

    def as_it_is(self) -> Content:
        """What a process reads."""
        return self.mode, bytes(self.now)

    def as_synced(self) -> Content:
        """What no cut can take."""
        return self.durable_mode, bytes(self.durable)

    def survivor(self, fate: Fate) -> Content:
        """What is there after the cut; a mode that was not synced is kept."""
        left = bytearray(self.durable)
        for change in self.pending:
            kept = fate(change)
            if kept is not None:
                _apply(left, kept)
        return self.mode, bytes(left)


def _apply(content: bytearray, change: Change) -> None:
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data


class ByChance:
    """Seeded: a pending change is kept, lost, torn between sectors, or leaves its size with zeros in it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._keep = chance, chance.choice((0.15, 0.5, 0.85))
        self._odd = chance.choice((0.0, 0.2))

    def __call__(self, change: Change) -> Change | None:
        if change.data is not None and self._chance.random() < self._odd:
            return self._chance.choice((self._torn, _grown))(change)
        return change if self._chance.random() < self._keep else None

    def _torn(self, change: Change) -> Change | None:
        """Up to some sector boundary; the disk may also have begun at the end."""
        data = change.data or b""
        first = -change.offset % SECTOR_BYTES
        edges = [*range(first, len(data), SECTOR_BYTES)]
        if not edges:
            return None
        edge = self._chance.choice(edges)
        if self._chance.random() < 0.5:
            return Change(change.offset, data[:edge])
        return Change(change.offset + edge, data[edge:])


def _grown(change: Change) -> Change | None:
    """The file has its new size and nothing in it: a write of nothing, past the end."""
    return Change(change.offset + len(change.data or b""), b"")
