"""Homes with habits, for the load forecast: every workday alike, every weekend alike, chance by seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bitgrid.feeds.household.table import LocalTime
from bitgrid.store.feeds import BlockMeans

ZONE = ZoneInfo("Europe/Berlin")
BLOCK_S = 1800
"""Half hours: three times as quick to learn from as the house's ten minutes, and nothing else."""
LOCAL = LocalTime(ZONE, BLOCK_S)
Habit = Callable[[datetime], int]


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """UTC epoch seconds of a local time."""
    return int(datetime(year, month, day, hour, minute, tzinfo=ZONE).timestamp())


def plain(local: datetime) -> int:
    """250 W; 2000 W for an hour from 18:00 on workdays and from 12:00 at weekends."""
    cooks = 18 if local.weekday() < 5 else 12
    return 2000 if local.hour == cooks else 250


def lived(first_s: int, end_s: int, habit: Habit = plain) -> list[BlockMeans]:
    """What a home drew, block by block."""
    return [
        BlockMeans(start_s, None, habit(datetime.fromtimestamp(start_s, ZONE)))
        for start_s in range(first_s, end_s, BLOCK_S)
    ]


def noisy(seed: int, habit: Habit = plain) -> Habit:
    """A habit with chance in it: a fifth more or less."""
    chance = random.Random(seed)
    return lambda local: round(habit(local) * chance.uniform(0.8, 1.2))


def away(first: datetime, days: int, habit: Habit = plain) -> Habit:
    """Nobody is at home for some days: 60 W."""
    last = first + timedelta(days=days)
    return lambda local: 60 if first <= local < last else habit(local)
