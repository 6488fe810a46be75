"""The kettle: 2 kW more in the house, and what meter and battery make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.web.kettle import BATTERY, GRID, KETTLE_W, MOVED_W, PV, Verdict, judge

BEFORE = {PV: 3000.0, GRID: -1500.0, BATTERY: 1000.0}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({GRID: 2000.0}, Verdict("right", (GRID,))),
        ({GRID: -2000.0}, Verdict("wrong", (GRID,))),
        ({BATTERY: -2000.0}, Verdict("right", (BATTERY,))),
        ({BATTERY: 2000.0}, Verdict("wrong", (BATTERY,))),
        ({GRID: 1000.0, BATTERY: -1000.0}, Verdict("right", (GRID, BATTERY))),
        ({GRID: -1000.0, BATTERY: 1000.0}, Verdict("wrong", (GRID, BATTERY))),
        ({GRID: 1500.0, BATTERY: 700.0}, Verdict("wrong", (BATTERY,))),
        ({GRID: 300.0}, Verdict("unclear")),
        ({GRID: 9000.0}, Verdict("unclear")),
        ({GRID: 1000.0, BATTERY: 1000.0}, Verdict("wrong", (BATTERY,))),
        ({PV: -1000.0, GRID: 3000.0}, Verdict("right", (GRID,))),
        ({PV: 2000.0}, Verdict("unclear")),
    ],
)
def test_what_moves_tells_what_counts_the_wrong_way_round(change: dict[str, float], verdict: Verdict) -> None:
    after = {name: value + change.get(name, 0.0) for name, value in BEFORE.items()}
    assert judge(BEFORE, after) == verdict


def test_an_inverter_that_draws_by_day_is_turned_first() -> None:
    assert judge({PV: -3000.0, GRID: 0.0}, {PV: -3000.0, GRID: 2000.0}) == Verdict("wrong", (PV,))


def test_without_values_nothing_is_said() -> None:
    assert judge({}, {}) == Verdict("unclear")
    assert judge({GRID: 100.0}, {}) == Verdict("unclear")
    assert judge({}, {GRID: 2100.0}) == Verdict("unclear")


@given(
    pv=st.floats(0, 10_000),
    grid=st.floats(-8000, 8000),
    battery=st.floats(-5000, 5000),
    kettle=st.floats(*KETTLE_W),
    share=st.floats(0, 1),
    turned=st.sets(st.sampled_from([GRID, BATTERY])),
)
def test_a_sign_that_is_right_is_never_told_to_be_wrong_alone(  # noqa: PLR0913, PLR0917  a house at a moment
    pv: float, grid: float, battery: float, kettle: float, share: float, turned: set[str]
) -> None:
    """Whatever share the battery covers: what is turned is found, or nothing is said, where both are seen."""
    sign = {name: -1 if name in turned else 1 for name in (GRID, BATTERY)}
    before = {PV: pv, GRID: grid, BATTERY: battery}
    after = before | {GRID: grid + kettle * share, BATTERY: battery - kettle * (1 - share)}
    told = [{name: value * sign.get(name, 1) for name, value in state.items()} for state in (before, after)]
    verdict = judge(told[0], told[1])
    seen = {name for name in (GRID, BATTERY) if abs(told[1][name] - told[0][name]) >= MOVED_W}
    if verdict.kind == "right" and seen == {GRID, BATTERY}:
        assert not turned
    if not turned:
        assert verdict.kind != "wrong"
