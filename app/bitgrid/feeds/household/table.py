"""A home's history as a table: local days by blocks of the day, so that seven o'clock stays seven o'clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bitgrid.store.feeds import BlockMeans

DAY_S = 86_400
MONDAY_TO_FRIDAY = 5


class Slot(NamedTuple):
    """A block by the clock on the wall: the date's ordinal, and the number of the block from midnight on."""

    day: int
    number: int


class LocalTime:
    """Blocks by a zone's local time.

    On the day the clocks go forward some slots do not occur; on the day they go back some occur twice.

    Args:
        zone: of the house.
        block_s: length of a block, s.
    """

    def __init__(self, zone: ZoneInfo, block_s: int) -> None:
        self._zone, self.block_s = zone, block_s
        self.slots_a_day = DAY_S // block_s

    def slot(self, start_s: int) -> Slot:
        """Where a block that begins at ``start_s`` (UTC epoch seconds) stands in its day."""
        local = datetime.fromtimestamp(start_s, self._zone)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return Slot(local.toordinal(), seconds // self.block_s)


def is_workday(day: int) -> bool:
    """Whether a date, by its ordinal, is a Monday to Friday."""
    return (day - 1) % 7 < MONDAY_TO_FRIDAY


Day = Mapping[int, int]
"""Household power of a day by slot, W; a slot that is not known is not in it."""
Table = Mapping[int, Day]
"""Days by their ordinal."""


def table_of(rows: Iterable[BlockMeans], local: LocalTime) -> Table:
    """The days that rows tell of; of an hour that occurs twice the second counts."""
    table: dict[int, dict[int, int]] = {}
    for row in rows:
        if row.load_w is not None:
            slot = local.slot(row.start_s)
            table.setdefault(slot.day, {})[slot.number] = max(0, row.load_w)
    return table
