"""Readings put aside on disk by figure and UTC day: a file in any order is sorted in the memory of a day."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bitgrid.imports.spans import DAY_S, Reading

_MOST_IN_MEMORY = 400_000
"""Readings, of 16 bytes each."""


class Spool:
    """Readings of several figures.

    Args:
        directory: an empty one, its own; whoever made it deletes it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._waiting: dict[tuple[int, int], array[float]] = defaultdict(lambda: array("d"))
        self._days: dict[int, set[int]] = defaultdict(set)
        self._count = 0

    def add(self, figure: int, reading: Reading) -> None:
        """Put a reading aside.

        Raises:
            OSError: the disk is full or failing.
        """
        self._waiting[figure, int(reading.at_s // DAY_S)].extend(
            (reading.at_s, math.nan if reading.value is None else reading.value)
        )
        self._count += 1
        if self._count >= _MOST_IN_MEMORY:
            self.flush()

    def flush(self) -> None:
        """Write what waits in memory."""
        for (figure, day), values in self._waiting.items():
            self._days[figure].add(day)
            with self._path(figure, day).open("ab") as file:
                values.tofile(file)
        self._waiting.clear()
        self._count = 0

    def readings(self, figure: int) -> Iterator[Reading]:
        """A figure's readings by time; of equal times, as they came. `flush` goes before."""
        for day in sorted(self._days[figure]):
            values = array("d")
            values.frombytes(self._path(figure, day).read_bytes())
            pairs = sorted(zip(values[::2], values[1::2], strict=True), key=lambda pair: pair[0])
            for at_s, value in pairs:
                yield Reading(at_s, None if math.isnan(value) else value)

    def _path(self, figure: int, day: int) -> Path:
        return self._directory / f"{figure}.{day}"
