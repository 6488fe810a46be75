"""The nightly check: who was nearer yesterday is believed today, and comes back when it is better again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.feeds.pv.check import check
from bitgrid.feeds.pv.clearness import Clearness
from bitgrid.feeds.pv.forecast import Outlook
from bitgrid.feeds.pv.learning import Home, first_model, night
from bitgrid.feeds.pv.model import LEADS_S, Features, Model
from bitgrid.feeds.pv.outside import HOUR_S, Answer, Outside, clear_hour_w_m2
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.sky import Sky
from bitgrid.feeds.pv.trust import Score, Trust, band_of
from feeds.pv.sunny import A_DAY, BLOCK_S, MUNICH, ROOF, SPRING, Weather, measured

HOME = Home(MUNICH, ROOF, BLOCK_S)
END = SPRING + 10 * A_DAY


def outlook(record: Record, share: float | None = None, outside: Outside | None = None) -> Outlook:
    """By the untaught model, or by one that always expects the same share of the clear sky."""
    model = first_model(HOME)
    assert model is not None
    if share is not None:
        line = [share, *[0.0] * (len(Features._fields) - 1)]
        model = Model(roof=model.roof, days=20, at_s=0, lines=[[line] * 3] * len(LEADS_S))
    sky = Sky(model.roof, MUNICH, BLOCK_S)
    return Outlook(model, sky, Clearness(record, sky), Trust(), outside)


def test_a_forecast_worse_than_persistence_gives_way_and_says_so() -> None:
    clear = measured(10, Weather(cloudless=True))
    trust = check(outlook(clear, 0.3), clear, END)
    assert trust.falls_back("hour")
    assert trust.falls_back("day")
    assert "the coming hour and the day ahead was lately worse than a sky that stays as it is" in trust.words
    watts = replace(outlook(clear, 0.3), trust=trust).watts(END - 72, 3)
    truth = [clear.at(block) for block in range(END - 72, END - 69)]
    assert [median for _, median, _ in watts] == pytest.approx(truth, rel=0.02)
    assert all(low <= median <= high for low, median, high in watts)


def test_a_forecast_better_than_persistence_is_believed() -> None:
    changing = measured(10, Weather(cloudless=True))
    for block in range(END - A_DAY, END, 1):
        if block % 12 < 6:
            changing.pv_w[block - changing.first_block] *= 0.1
    trust = check(outlook(changing, 1.0), changing, END)
    assert not trust.falls_back("day")
    assert trust.words == ""


def test_it_comes_back_after_better_nights() -> None:
    bad, good = Score(own=500, persistence=400, nights=1), Score(own=300, persistence=400, nights=1)
    score = Score().after(bad)
    assert score.is_worse_than_persistence
    assert not score.after(good).is_worse_than_persistence


def test_what_nothing_was_learned_for_yet_is_checked_too_and_the_learned_begins_afresh() -> None:
    """Under a clear sky the untaught model expects the usual clouds; persistence is right."""
    clear, model, trust = measured(15, Weather(cloudless=True)), first_model(HOME), Trust()
    for days in (12, 13):
        model, trust = night(HOME, clear, (SPRING + days * A_DAY) * BLOCK_S, model, (trust, None))
    assert model is not None
    assert not model.lines
    assert trust.falls_back("day")
    assert "the day ahead was lately worse than a sky that stays as it is" in trust.words
    model, trust = night(HOME, clear, (SPRING + 14 * A_DAY) * BLOCK_S, model, (trust, None))
    assert model is not None
    assert model.lines
    assert trust.words == ""


def test_no_day_is_judged_twice_and_a_day_without_readings_not_at_all() -> None:
    clear = measured(10, Weather(cloudless=True))
    trust = check(outlook(clear, 0.3), clear, END)
    assert check(replace(outlook(clear, 0.3), trust=trust), clear, END) == trust
    silent = clear.cut(END - A_DAY)
    assert check(outlook(silent, 0.3), silent, END) == Trust()


def test_a_clock_that_was_ahead_does_not_end_the_checks() -> None:
    clear = measured(10, Weather(cloudless=True))
    ahead = replace(outlook(clear, 0.3), trust=Trust(checked_to=END + 10_000))
    assert check(ahead, clear, END).checked_to == END


def answers(share: float) -> Outside:
    """A service that always expects the same share of the clear sky, asked every three hours."""
    outside = Outside(place=MUNICH, block_s=BLOCK_S)
    for at_s in range((END - 3 * A_DAY) * BLOCK_S, END * BLOCK_S, 3 * HOUR_S):
        hours = [share * clear_hour_w_m2(MUNICH, at_s + hour * HOUR_S) for hour in range(48)]
        outside = outside.with_answer(Answer(at_s=at_s, begins_s=at_s, hours_w_m2=list(hours)))
    return outside


def test_a_good_service_has_no_say_before_it_was_checked_and_then_most_of_it() -> None:
    clear, service = measured(10, Weather(cloudless=True)), answers(1.0)
    before = outlook(clear, 0.5, service)
    assert before.trust.outside_share("day") == 0
    trust = check(before, clear, END)
    assert trust.outside_share("day") > 0.9
    bare = Trust(scores={"day": trust.scores["day"].model_copy(update={"persistence": 1e6})})
    noon = END - 72
    told = Outlook(before.model, before.sky, before.clearness, bare, service).watts(noon, 12)[-1]
    assert told[1] > 0.85 * clear.at(noon + 11)


def test_a_bad_service_has_next_to_no_say() -> None:
    clear = measured(10, Weather(cloudless=True))
    assert check(outlook(clear, 0.95, answers(0.2)), clear, END).outside_share("day") < 0.05


def test_a_service_that_always_tells_too_little_is_scaled() -> None:
    clear = measured(10, Weather(cloudless=True))
    assert check(outlook(clear, 0.9, answers(0.7)), clear, END).outside_scale > 1.05


def test_an_hour_is_near_and_the_rest_is_the_day() -> None:
    assert [band_of(lead_s) for lead_s in (0, 3000, 3600, 86_400)] == ["hour", "hour", "day", "day"]


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_what_is_kept_comes_back_as_it_was(own: float, persistence: float) -> None:
    trust = Trust(scores={"hour": Score(own=own, persistence=persistence)}, checked_to=3)
    assert Trust.model_validate_json(trust.model_dump_json()) == trust
