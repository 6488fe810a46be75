"""The tariff of site.yaml: what can be said, and what is refused and how."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bitgrid.config.tariff import DAY_MIN, MONTHS, WEEKDAYS, Tariff, TimeWindow

FIXED = {"import_ct_kwh": 30.0, "export_ct_kwh": 8.0}
NIGHT = {"from": "22:00", "to": "06:00", "import_ct_kwh": 20.0}
MARKET = {"source": "energy_charts", "surcharges_ct_kwh": {"grid_fee": 8.0, "levies": 2.5}, "vat_pct": 19.0}
FOR_EXPORT = {"source": "energy_charts", "for_import": False}


def tariff(**other: Any) -> Tariff:
    return Tariff.model_validate(FIXED | other)


def refused(**other: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        tariff(**other)
    return str(caught.value)


def test_two_prices_are_a_whole_tariff() -> None:
    plain = tariff()
    assert (plain.time_of_use, plain.day_ahead) == (None, None)
    assert not plain.export.needs_market


def test_each_kind_can_be_said() -> None:
    assert tariff(time_of_use=[NIGHT]).time_of_use
    assert tariff(day_ahead=MARKET).day_ahead
    assert tariff(day_ahead={"source": "tibber", "secret": "tibber"}).day_ahead
    assert tariff(day_ahead={"source": "entsoe", "secret": "entsoe", "zone": "FR"}).day_ahead
    both = {"export": {"unpaid_when_negative": "quarter_hour"}, "day_ahead": FOR_EXPORT}
    assert tariff(time_of_use=[NIGHT], **both).export.needs_market


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"time_of_use": [NIGHT], "day_ahead": MARKET}, "leave one out, or, .* say for_import: false"),
        ({"export": {"kind": "day_ahead"}}, "say in day_ahead whom to ask"),
        ({"export": {"unpaid_when_negative": "hour"}}, "say in day_ahead whom to ask"),
        ({"export": {"fee_ct_kwh": 0.4}}, "kind must be day_ahead"),
        ({"day_ahead": FOR_EXPORT}, "asked for nothing"),
        ({"day_ahead": MARKET | {"for_import": False}}, "are of what is bought; .* leave them out"),
        ({"day_ahead": {"source": "tibber"}}, "answers to a token alone: name its file in secret"),
        ({"day_ahead": {"source": "entsoe"}}, "answers to a token alone"),
        ({"day_ahead": MARKET | {"secret": "mine"}}, "asks for no token; leave secret out"),
        ({"day_ahead": {"source": "awattar", "zone": "FR"}}, "knows the zones DE-LU and AT alone"),
        ({"day_ahead": {"source": "tibber", "secret": "t", "vat_pct": 19.0}}, "with everything in it; leave"),
        ({"day_ahead": {"source": "nordpool"}}, "Input should be 'energy_charts'"),
        ({"day_ahead": {"source": "energy_charts", "zone": "GB"}}, "Input should be 'AT'"),
        ({"day_ahead": MARKET | {"vat_pct": -1.0}}, "greater than or equal to 0"),
        ({"day_ahead": MARKET | {"surcharges_ct_kwh": {f"s{i}": 1.0 for i in range(21)}}}, "more than 20"),
        ({"day_ahead": MARKET | {"surcharges_ct_kwh": {"Grid fee!": 1.0}}}, "should match pattern"),
        ({"time_of_use": []}, "at least 1 item"),
        ({"time_of_use": [NIGHT | {"from": "24:30"}]}, 'write a local time from "00:00" to "24:00"'),
        ({"time_of_use": [NIGHT | {"to": "22:00"}]}, "the whole day is 00:00 to 24:00"),
        ({"time_of_use": [NIGHT | {"from": "24:00", "to": "00:00"}]}, "the whole day is 00:00 to 24:00"),
        ({"time_of_use": [NIGHT | {"days": ["caturday"]}]}, "Input should be 'mon'"),
        ({"time_of_use": [NIGHT | {"months": [13]}]}, "less than or equal to 12"),
        ({"time_of_use": [NIGHT, NIGHT | {"from": "05:00", "to": "07:00"}]}, "windows 1 and 2 .* overlap"),
        (
            {
                "time_of_use": [
                    NIGHT | {"days": ["fri"]},
                    NIGHT | {"from": "00:00", "to": "06:00", "days": ["sat"]},
                ]
            },
            "windows 1 and 2 .* overlap",
        ),
        (
            {"time_of_use": [NIGHT | {"months": [12]}, NIGHT | {"from": "05:00", "to": "06:00", "months": [1]}]},
            "windows 1 and 2 .* overlap",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(said: dict[str, Any], told: str) -> None:
    text = refused(**said)
    assert re.search(told, text), text


def test_windows_that_meet_do_not_overlap() -> None:
    day = {"from": "06:00", "to": "22:00", "import_ct_kwh": 35.0}
    weekend = {"from": "00:00", "to": "24:00", "days": ["sat", "sun"], "import_ct_kwh": 18.0}
    week = ["mon", "tue", "wed", "thu"]
    tariff(time_of_use=[NIGHT, day])
    tariff(time_of_use=[NIGHT | {"days": week}, day | {"days": [*week, "fri"]}, weekend])
    tariff(time_of_use=[day | {"months": [1, 2]}, day | {"months": [3, 4]}])


TIMES = st.integers(0, DAY_MIN - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
WINDOWS = st.tuples(
    TIMES,
    TIMES,
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True),
    st.lists(st.sampled_from(MONTHS), min_size=1, unique=True),
).filter(lambda told: told[0] != told[1])


@given(told=WINDOWS, month=st.integers(1, 11), weekday=st.integers(0, 6), minute=st.integers(0, DAY_MIN - 1))
def test_the_kinds_of_day_of_a_window_are_those_on_which_it_holds(
    told: tuple[str, str, list[str], list[int]], month: int, weekday: int, minute: int
) -> None:
    """Two ways to say when a window holds agree: by its cells (the overlaps) and by its clock (the prices)."""
    begins, ends, days, months = told
    window = TimeWindow.model_validate(
        {"from": begins, "to": ends, "days": days, "months": months, "import_ct_kwh": 1.0}
    )
    yesterdays = [(month, (weekday - 1) % 7), ((month - 2) % 12 + 1, (weekday - 1) % 7)]
    holds = window.holds(month, weekday, minute) or any(
        window.holds_from_yesterday(*day, minute) for day in yesterdays
    )
    in_a_cell = any(
        (cell.month, cell.weekday) == (month, weekday) and cell.begins_min <= minute < cell.ends_min
        for cell in window.cells()
    )
    assert holds == in_a_cell
