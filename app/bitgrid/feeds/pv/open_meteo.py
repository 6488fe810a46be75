"""open-meteo.com, where the owner asked for it: mean irradiance by the hour, checked before it is believed.

Its ``/v1/forecast`` tells ``hourly.time`` (with ``timeformat=unixtime``: UTC epoch seconds) and beside it
``hourly.shortwave_radiation``, W/m², each the mean of the hour *before* its time; errors are JSON with ``reason``.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from bitgrid.clock import Clock
from bitgrid.config.house import Location
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.outside import HOUR_S, Answer, Outside, clear_hour_w_m2
from bitgrid.feeds.web import Fetch, FetchError, parse_json

HOST = "api.open-meteo.com"
URL = f"https://{HOST}/v1/forecast"
ERRAND, KEPT = "asking open-meteo", "pv_outside"
EVERY_S = 3 * HOUR_S
FIRST_WAIT_S, LONGEST_WAIT_S = 900, 6 * HOUR_S
LEAST_HOURS, MOST_HOURS = 24, 24 * 16
NEAR_DEG = 0.5
MOST_OF_CLEAR, HAZE_W_M2 = 1.5, 60.0
"""More than the cloudless sky gives, and some, is a wrong unit or a wrong place."""


class _Units(BaseModel):
    shortwave_radiation: Literal["W/m²"]
    time: Literal["unixtime"]


class _Hourly(BaseModel):
    time: list[int] = Field(min_length=LEAST_HOURS, max_length=MOST_HOURS)
    shortwave_radiation: list[float | None]


class _Body(BaseModel):
    latitude: float
    longitude: float
    hourly_units: _Units
    hourly: _Hourly


def parse(body: bytes, place: Location, now_s: float) -> Answer:
    """A checked answer.

    Raises:
        FetchError: it has another form, another place or another time, or more light than the sun gives.
    """
    try:
        told = _Body.model_validate(parse_json(body, HOST))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise FetchError(f"{HOST} sent another form than it is known for (at {where})") from None
    times, values = told.hourly.time, told.hourly.shortwave_radiation
    if len(times) != len(values) or any(after - before != HOUR_S for before, after in pairwise(times)):
        raise FetchError(f"{HOST} sent hours that do not follow one another")
    if max(abs(told.latitude - place.latitude), _apart(told.longitude, place.longitude)) > NEAR_DEG:
        raise FetchError(f"{HOST} sent the weather of another place")
    begins_s = times[0] - HOUR_S
    if not begins_s <= now_s < times[-1] - LEAST_HOURS // 2 * HOUR_S:
        raise FetchError(f"{HOST} sent the weather of another day")
    hours = [_checked(value, place, begins_s + hour * HOUR_S) for hour, value in enumerate(values)]
    return Answer(at_s=now_s, begins_s=begins_s, hours_w_m2=hours)


def _checked(value: float | None, place: Location, begins_s: int) -> float | None:
    if value is None:
        return None
    if not -1 <= value <= MOST_OF_CLEAR * clear_hour_w_m2(place, begins_s) + HAZE_W_M2:
        raise FetchError(f"{HOST} sent {value:.0f} W/m², which the sun cannot give at that hour")
    return max(0.0, value)


def _apart(one_deg: float, other_deg: float) -> float:
    return abs((one_deg - other_deg + 180) % 360 - 180)


class OpenMeteo:
    """Asks every three hours, later and later after failures.

    Args:
        start: the answers kept, or none, with the place and the length of a block.
        memory: where they are kept.
        errands, fetch: the way there.
        clock: of the house.
    """

    def __init__(self, start: Outside, memory: Memory, errands: Errands, fetch: Fetch, clock: Clock) -> None:
        kept = memory.load(KEPT, Outside)
        is_own = kept is not None and (kept.place, kept.block_s) == (start.place, start.block_s)
        self.outside = kept if kept is not None and is_own else start
        self._memory, self._errands, self._fetch, self._clock = memory, errands, fetch, clock
        self._next_boot_s, self._wait_s = clock.boot(), FIRST_WAIT_S
        self.problem = ""

    def step(self) -> None:
        """Ask when it is time to."""
        if self._clock.boot() >= self._next_boot_s and not self._errands.is_out(ERRAND):
            self._next_boot_s = self._clock.boot() + EVERY_S
            self._errands.send(ERRAND, partial(self._ask, self._clock.now()), self._on_answer, self._on_failure)

    def _ask(self, now_s: float) -> Answer:
        place = self.outside.place
        params = {
            "latitude": f"{place.latitude:.1f}",
            "longitude": f"{place.longitude:.1f}",
            "hourly": "shortwave_radiation",
            "timeformat": "unixtime",
            "forecast_days": "3",
        }
        return parse(self._fetch(URL, params=params), place, now_s)

    def _on_answer(self, answer: Answer) -> None:
        self.outside, self.problem, self._wait_s = self.outside.with_answer(answer), "", FIRST_WAIT_S
        self._memory.keep(KEPT, answer.at_s, self.outside)

    def _on_failure(self, reason: str) -> None:
        self.problem = f"{reason}; the PV forecast goes on by what this house measured itself"
        self._next_boot_s = self._clock.boot() + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
