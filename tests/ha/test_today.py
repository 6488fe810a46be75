"""Today's key figures: asked for now and then, kept for a while, and none when they are of yesterday."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from bitgrid.clock import HeldClock
from bitgrid.ha.entities import FIGURES
from bitgrid.ha.today import AGAIN_S, EVERY_S, Today
from bitgrid.replay.kpi.catalogue import CATALOGUE
from bitgrid.web.kpis import Asked
from bitgrid.web.problems import Refusal
from feeds.now import AtOnce
from web.talk import NOON_S


class Desk:
    """Answers with figures a test names."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.figures: dict[str, float | None] = {"pv_kwh": 12.3, "autarky_pct": 81.0}
        self.is_busy, self.text = False, ""

    def answer(self, asked: Asked) -> str:
        self.asked.append(asked)
        if self.is_busy:
            raise Refusal(503, "busy", "Other figures are being reckoned.")
        return self.text or json.dumps({"kpis": {name: {"value": told} for name, told in self.figures.items()}})


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=float(NOON_S))


@pytest.fixture
def today(desk: Desk, clock: HeldClock) -> Today:
    return Today(desk, clock, ZoneInfo("Europe/Berlin"), "en", AtOnce())  # type: ignore[arg-type]  # a desk of a test


def live(today: Today, clock: HeldClock, seconds: float) -> None:
    for _ in range(int(seconds // 10)):
        clock.advance(10)
        today.step()


def test_before_anything_is_known_every_figure_is_none(today: Today) -> None:
    assert today.document() == dict.fromkeys(FIGURES)


def test_the_figures_of_the_houses_own_day_are_told(today: Today, desk: Desk, clock: HeldClock) -> None:
    live(today, clock, 20)
    assert today.document() == dict.fromkeys(FIGURES) | {"pv_kwh": 12.3, "autarky_pct": 81.0}
    assert (desk.asked[0].begin.isoformat(), desk.asked[0].end.isoformat()) == ("2025-06-16", "2025-06-17")


def test_they_are_asked_for_once_an_hour(today: Today, desk: Desk, clock: HeldClock) -> None:
    live(today, clock, 3 * EVERY_S)
    assert len(desk.asked) == 3


def test_in_a_house_that_runs_fast_they_are_asked_for_every_five_minutes_of_the_machine(desk: Desk) -> None:
    clock = HeldClock(wall_s=float(NOON_S), speed=60.0)
    today = Today(desk, clock, ZoneInfo("Europe/Berlin"), "en", AtOnce())  # type: ignore[arg-type]  # as above
    live(today, clock, 5 * 3600)
    assert len(desk.asked) == 1


def test_where_there_was_no_answer_they_are_asked_for_again_soon(
    today: Today, desk: Desk, clock: HeldClock
) -> None:
    desk.is_busy = True  # as just after a start: nothing of the day is over yet
    live(today, clock, 20)
    desk.is_busy = False
    live(today, clock, AGAIN_S + 20)
    assert today.document()["pv_kwh"] == 12.3


def test_every_figure_is_one_of_the_catalogue_in_its_unit() -> None:
    units = {kpi.name: kpi.unit for kpi in CATALOGUE}
    assert {name: options["unit_of_measurement"] for name, options in FIGURES.items()} == {
        name: units[name] for name in FIGURES
    }


def test_at_midnight_yesterdays_figures_are_none(today: Today, clock: HeldClock) -> None:
    clock.wall_s = float(NOON_S + 11 * 3600 + 3000)
    live(today, clock, 20)
    assert today.document()["pv_kwh"] == 12.3
    clock.advance(900)
    assert today.document()["pv_kwh"] is None


def test_figures_of_long_ago_are_none(today: Today, desk: Desk, clock: HeldClock) -> None:
    live(today, clock, 20)
    desk.is_busy = True
    live(today, clock, 2 * EVERY_S)
    assert today.document()["pv_kwh"] == 12.3
    live(today, clock, EVERY_S)
    assert today.document()["pv_kwh"] is None


def test_an_answer_that_cannot_be_read_is_none(today: Today, desk: Desk, clock: HeldClock) -> None:
    desk.text = '{"kpis": 3}'
    live(today, clock, 20)
    assert today.document() == dict.fromkeys(FIGURES)
