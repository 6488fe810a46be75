"""The household without its flexible loads: a base, a morning, an evening, a fridge, a kettle and an oven.

The load never exceeds the household's peak; humps and appliances are shares of what lies between base and peak.
Times of day are local times of the site.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import exp
from zoneinfo import ZoneInfo

from bitgrid.plant.noise import chance

DAY_S = 86_400
_HUMPS = ((7.25, 0.8, 0.16), (12.5, 0.9, 0.10), (19.5, 1.6, 0.30))  # hour, width in hours, share
_KETTLES = (6.9, 10.0, 15.8, 20.2)  # hours, each moved by up to half an hour a day
_KETTLE_S, _KETTLE_SHARE = 180, 0.85
_OVEN_HOUR, _OVEN_S, _OVEN_SHARE = 18.2, 2400, 0.75
_OVEN_HEATS_S, _OVEN_CYCLE_S = 60, 120  # once hot, the thermostat heats half of the time
_OVEN_WARM_UP_S = 600
_FRIDGE_S, _FRIDGE_CYCLE_S, _FRIDGE_SHARE = 900, 3600, 0.04
_KETTLE_CHANNEL, _OVEN_CHANNEL, _FRIDGE_CHANNEL = 101, 102, 103


class Household:
    """House load by time of day.

    Args:
        timezone: name of the site's time zone.
        seed: whose habits they are.
        base_w: what runs always.
        peak_w: what is never exceeded.
    """

    def __init__(self, timezone: str, seed: int, base_w: int, peak_w: int) -> None:
        self._zone, self._seed = ZoneInfo(timezone), seed
        self._base_w, self._span_w = base_w, max(0, peak_w - base_w)

    def power_w(self, epoch_s: float) -> int:
        """The load at a moment, W."""
        local_s = epoch_s + self._utc_offset_s(epoch_s)
        day, second = divmod(int(local_s), DAY_S)
        share = _humps(second / 3600) + self._fridge(local_s) + self._kettle(day, second) + self._oven(day, second)
        return self._base_w + round(self._span_w * min(1.0, share))

    def _utc_offset_s(self, epoch_s: float) -> float:
        offset = datetime.fromtimestamp(epoch_s, UTC).astimezone(self._zone).utcoffset()
        return offset.total_seconds() if offset else 0.0

    def _fridge(self, local_s: float) -> float:
        shifted_s = local_s + _FRIDGE_CYCLE_S * chance(self._seed, _FRIDGE_CHANNEL, 0)
        return _FRIDGE_SHARE if shifted_s % _FRIDGE_CYCLE_S < _FRIDGE_S else 0.0

    def _kettle(self, day: int, second: int) -> float:
        for number, hour in enumerate(_KETTLES):
            late_h = chance(self._seed, _KETTLE_CHANNEL, day * len(_KETTLES) + number) - 0.5
            if 0 <= second - (hour + late_h) * 3600 < _KETTLE_S:
                return _KETTLE_SHARE
        return 0.0

    def _oven(self, day: int, second: int) -> float:
        late_h = chance(self._seed, _OVEN_CHANNEL, day) - 0.5
        on_s = second - (_OVEN_HOUR + late_h) * 3600
        is_on = 0 <= on_s < _OVEN_S
        is_heating = on_s < _OVEN_WARM_UP_S or on_s % _OVEN_CYCLE_S < _OVEN_HEATS_S
        return _OVEN_SHARE if is_on and is_heating else 0.0


def _humps(hour: float) -> float:
    return sum(share * exp(-(((hour - middle) / width) ** 2) / 2) for middle, width, share in _HUMPS)
