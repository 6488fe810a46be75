"""A time-of-use tariff as steps: what the clock on the wall says decides, also on the days it is set."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bitgrid.config.tariff import Tariff, TimeWindow
from bitgrid.feeds.prices.steps import Step, Steps

QUARTER_MIN = 15
"""Every offset from UTC is whole quarters of an hour, so steps that divide one begin with it."""


def time_of_use_steps(tariff: Tariff, zone: ZoneInfo, from_s: int, until_s: int) -> Steps:
    """The tariff's windows, and its fixed price between them, over a stretch of time.

    Args:
        tariff: with ``time_of_use``.
        zone: of the clock on the wall.
        from_s: from when, UTC epoch seconds.
        until_s: until when.
    """
    windows = tariff.time_of_use or []
    step_s = 60 * math.gcd(QUARTER_MIN, *(edge for one in windows for edge in (one.begins_min, one.ends_min)))
    starts = range(from_s - from_s % step_s, until_s, step_s)
    return Steps(
        Step(start_s, start_s + step_s, _price(windows, dt.datetime.fromtimestamp(start_s, zone), tariff))
        for start_s in starts
    )


def _price(windows: Sequence[TimeWindow], local: dt.datetime, tariff: Tariff) -> float:
    minute, yesterday = local.hour * 60 + local.minute, local.date() - dt.timedelta(days=1)
    for window in windows:
        if window.holds(local.month, local.weekday(), minute) or window.holds_from_yesterday(
            yesterday.month, yesterday.weekday(), minute
        ):
            return window.import_ct_kwh
    return tariff.import_ct_kwh
