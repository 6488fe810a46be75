"""The weather service: what it really sends is taken, and everything else is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bitgrid.clock import HeldClock
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.open_meteo import EVERY_S, HOST, URL, OpenMeteo, parse
from bitgrid.feeds.pv.outside import HOUR_S, OLD_S, Outside, clear_hour_w_m2
from bitgrid.feeds.web import FetchError
from bitgrid.store.feeds import FeedsStore
from feeds.now import AtOnce
from feeds.pv.sunny import BLOCK_S, MUNICH

MIDNIGHT = 1_718_928_000  # 2024-06-21T00:00:00Z
NOON = MIDNIGHT + 12 * HOUR_S


def answer(hours: int = 72) -> dict[str, Any]:
    """In the shape that the service documents, at half of the clear sky."""
    times = [MIDNIGHT + hour * HOUR_S for hour in range(hours)]
    return {
        "latitude": 48.14,
        "longitude": 11.58,
        "generationtime_ms": 0.02,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "elevation": 524.0,
        "hourly_units": {"time": "unixtime", "shortwave_radiation": "W/m²"},
        "hourly": {
            "time": times,
            "shortwave_radiation": [round(clear_hour_w_m2(MUNICH, at - HOUR_S) / 2, 1) for at in times],
        },
    }


def body(told: object) -> bytes:
    return json.dumps(told).encode()


def test_a_good_answer_is_clearness_and_its_hours_end_at_their_times() -> None:
    outside = Outside(place=MUNICH, block_s=BLOCK_S).with_answer(parse(body(answer()), MUNICH, NOON))
    issue = NOON // BLOCK_S
    for target in (issue, issue + 12, issue + 130):
        assert outside.clearness(issue, target) == pytest.approx(0.5, abs=0.01)
    assert outside.answers[0].begins_s == MIDNIGHT - HOUR_S
    assert outside.clearness(issue, issue + 72) is None, "midnight: a ratio to no light tells nothing"
    assert outside.clearness(issue, issue + 6 * 90) is None, "beyond its end"


def test_a_hole_is_a_hole() -> None:
    told = answer()
    told["hourly"]["shortwave_radiation"][14] = None
    outside = Outside(place=MUNICH, block_s=BLOCK_S).with_answer(parse(body(told), MUNICH, NOON))
    assert outside.clearness(NOON // BLOCK_S, (MIDNIGHT + 13 * HOUR_S) // BLOCK_S) is None
    assert outside.clearness(NOON // BLOCK_S, (MIDNIGHT + 14 * HOUR_S) // BLOCK_S) is not None


def test_what_came_after_an_issue_is_not_known_at_it_and_what_is_a_day_old_is_nothing() -> None:
    outside = Outside(place=MUNICH, block_s=BLOCK_S).with_answer(parse(body(answer()), MUNICH, NOON))
    assert outside.clearness(NOON // BLOCK_S - 1, NOON // BLOCK_S + 6) is None
    old = (NOON + OLD_S) // BLOCK_S + 1
    assert outside.clearness(old, old) is None


def changed(**columns: Callable[[list[Any]], object]) -> bytes:
    """An answer with something done to its hours."""
    told = answer()
    for name, change in columns.items():
        change(told["hourly"][name])
    return body(told)


def at(hour: int, value: object) -> bytes:
    """An answer with another value at an hour."""
    return changed(shortwave_radiation=lambda watts: watts.__setitem__(hour, value))


def week(weeks: int) -> bytes:
    """An answer of another week."""
    told = answer()
    told["hourly"]["time"] = [moment + weeks * 7 * 86_400 for moment in told["hourly"]["time"]]
    return body(told)


def times_thousand() -> bytes:
    told = answer()
    told["hourly"]["shortwave_radiation"] = [1000 * watts for watts in told["hourly"]["shortwave_radiation"]]
    return body(told)


def doubled(column: list[Any]) -> None:
    column.insert(9, column[9])


OTHER_UNIT = {"hourly_units": {"time": "unixtime", "shortwave_radiation": "MJ/m²"}}
OTHER_TIMES = {"hourly_units": {"time": "iso8601", "shortwave_radiation": "W/m²"}}
WRONG: dict[str, tuple[bytes, str]] = {
    "an error of its own": (body({"error": True, "reason": "no such variable"}), "another form"),
    "HTML": (b"<html><body>502</body></html>", "did not send JSON"),
    "nothing": (b"", "did not send JSON"),
    "cut off": (body(answer())[:-40], "did not send JSON"),
    "a list": (b"[]", "another form"),
    "not a number": (at(3, float("nan")), "did not send JSON"),
    "words": (at(3, "much"), "another form"),
    "another unit": (body(answer() | OTHER_UNIT), "another form"),
    "times in words": (body(answer() | OTHER_TIMES), "another form"),
    "a gap": (changed(time=lambda c: c.pop(9), shortwave_radiation=lambda c: c.pop(9)), "follow one another"),
    "an hour twice": (changed(time=doubled, shortwave_radiation=doubled), "follow one another"),
    "a value too few": (changed(shortwave_radiation=lambda c: c.pop()), "follow one another"),
    "half a day": (body(answer(12)), "another form"),
    "a thousand times as much": (times_thousand(), "which the sun cannot give"),
    "sunshine at night": (at(1, 300.0), "which the sun cannot give"),
    "less than nothing": (at(9, -84.0), "which the sun cannot give"),
    "another place": (body(answer() | {"longitude": -11.58}), "another place"),
    "last week": (week(-1), "another day"),
    "next week": (week(1), "another day"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_refused_with_its_reason(name: str) -> None:
    sent, reason = WRONG[name]
    with pytest.raises(FetchError, match=reason):
        parse(sent, MUNICH, NOON)


class Service:
    """Stands in for the way to the server."""

    def __init__(self) -> None:
        self.answer: bytes | FetchError = body(answer())
        self.asked: list[dict[str, str]] = []

    def __call__(self, url: str, *, params: Any = None, **_how: object) -> bytes:  # noqa: ANN401  as in Fetch
        assert url == URL
        self.asked.append(dict(params))
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


class Desk:
    """The service, a clock, and errands done at once."""

    def __init__(self, directory: Path) -> None:
        self.service, self.clock = Service(), HeldClock(wall_s=NOON)
        self.memory = Memory(FeedsStore(directory / "feeds.sqlite"), BLOCK_S)
        self.start()

    def start(self) -> None:
        self.errands = Errands(AtOnce())
        nothing_yet = Outside(place=MUNICH, block_s=BLOCK_S)
        self.source = OpenMeteo(nothing_yet, self.memory, self.errands, self.service, self.clock)

    def live(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / 60))):
            self.clock.advance(60)
            self.source.step()
            self.errands.step()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_it_is_asked_every_three_hours_for_this_place_to_a_tenth_of_a_degree(desk: Desk) -> None:
    desk.live(EVERY_S + 120)
    assert len(desk.service.asked) == 2
    assert desk.service.asked[0]["latitude"] == "48.1"
    assert desk.service.asked[0]["longitude"] == "11.6"
    assert desk.source.problem == ""
    assert len(desk.source.outside.answers) == 2


def test_without_a_network_it_asks_later_and_later_and_what_was_known_stands(desk: Desk) -> None:
    desk.live(60)
    desk.service.answer = FetchError(f"{HOST} cannot be reached (ConnectError)")
    desk.live(EVERY_S + 60)
    assert "cannot be reached (ConnectError); the PV forecast goes on" in desk.source.problem
    asked = len(desk.service.asked)
    desk.live(86_400)
    assert 5 <= len(desk.service.asked) - asked <= 8
    assert len(desk.source.outside.answers) == 1
    desk.service.answer = body(answer())
    desk.clock.wall_s = NOON + 1800
    desk.live(6 * HOUR_S + 60)
    assert desk.source.problem == ""


def test_answers_are_kept_over_a_restart_and_not_taken_to_another_place(desk: Desk) -> None:
    desk.live(60)
    desk.service.answer = FetchError("gone")
    desk.start()
    assert len(desk.source.outside.answers) == 1
    other = Outside(place=MUNICH.model_copy(update={"latitude": 50.0}), block_s=BLOCK_S)
    assert OpenMeteo(other, desk.memory, desk.errands, desk.service, desk.clock).outside.answers == []


def test_after_days_the_old_answers_are_gone() -> None:
    first = parse(body(answer()), MUNICH, NOON)
    outside = Outside(place=MUNICH, block_s=BLOCK_S)
    for day in range(9):
        outside = outside.with_answer(first.model_copy(update={"at_s": NOON + day * 86_400.0}))
    assert len(outside.answers) == 4
    back = outside.with_answer(first)
    assert [kept.at_s for kept in back.answers] == [NOON], "those of a clock that ran ahead go"
