"""The surplus told twice: when the two contradict each other, and which wrong sign explains it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bitgrid.kernel import EnergyState, Quality, Signal, balance, explained_by

TOLERANCE_W = 300
WATTS = st.integers(-20_000, 20_000)


def house(**signals: int | Signal) -> EnergyState:
    named = {name: one if isinstance(one, Signal) else Signal(one) for name, one in signals.items()}
    return EnergyState(
        0, 0, signals={name.replace("__", "."): one for name, one in named.items()}, load_ids=("miner",)
    )


def test_a_house_in_balance_has_no_gap() -> None:
    told = balance(
        house(grid_power_w=-1000, pv_power_w=4000, house_load_w=500, battery_power_w=900, miner__power_w=1600)
    )
    assert told == (3500, 3500)
    assert told is not None
    assert told.gap_w == 0


@pytest.mark.parametrize(
    ("signals", "suspect"),
    [
        ({"grid_power_w": 2500, "pv_power_w": 3000, "house_load_w": 500}, "grid_power_w"),
        (
            {"grid_power_w": 0, "battery_power_w": -2500, "pv_power_w": 3000, "house_load_w": 500},
            "battery_power_w",
        ),
        ({"grid_power_w": -100, "pv_power_w": -600, "house_load_w": 500}, "pv_power_w"),
        ({"grid_power_w": -1000, "pv_power_w": 2000, "house_load_w": -1000}, "house_load_w"),
    ],
)
def test_the_one_wrong_sign_is_named(signals: dict[str, int], suspect: str) -> None:
    assert explained_by(house(**signals), TOLERANCE_W) == (suspect,)


def test_two_that_would_each_explain_it_are_both_named() -> None:
    state = house(grid_power_w=1000, battery_power_w=-1000, pv_power_w=500, house_load_w=500)
    assert explained_by(state, TOLERANCE_W) == ("grid_power_w", "battery_power_w")


def test_what_no_single_sign_explains_names_none() -> None:
    assert explained_by(house(grid_power_w=-700, pv_power_w=3000, house_load_w=500), TOLERANCE_W) == ()


def test_generation_is_never_blamed_for_being_positive() -> None:
    """Turned, it would be a roof that takes power."""
    assert explained_by(house(grid_power_w=3500, pv_power_w=3000, house_load_w=500), TOLERANCE_W) == ()


def test_at_night_a_meter_that_shows_export_is_a_contradiction_without_a_household_meter() -> None:
    night = house(grid_power_w=-450, pv_power_w=0, battery_power_w=0)
    assert balance(night) == (450, 0)
    assert explained_by(night, TOLERANCE_W) == ("grid_power_w",)


def test_a_battery_said_to_charge_from_nothing_is_a_contradiction_without_a_household_meter() -> None:
    state = house(grid_power_w=20, pv_power_w=0, battery_power_w=600)
    assert balance(state) == (580, 0)
    assert explained_by(state, TOLERANCE_W) == ("battery_power_w",)


@pytest.mark.parametrize(
    "signals",
    [
        {"grid_power_w": 450, "pv_power_w": 0},
        {"grid_power_w": -2500, "pv_power_w": 3000},
        {"grid_power_w": -3000, "pv_power_w": 3000},
        {"grid_power_w": -900, "pv_power_w": 0, "battery_soc_pct": 500},
        {"grid_power_w": -900, "pv_power_w": 0, "house_load_w": Signal(None, 90, Quality.MISSING)},
        {"grid_power_w": -900},
        {"pv_power_w": 3000, "house_load_w": 500},
    ],
)
def test_what_is_possible_or_not_known_is_no_contradiction(signals: dict[str, int]) -> None:
    assert balance(house(**signals)) is None


@given(
    pv=st.integers(0, 20_000),
    load=st.integers(0, 20_000),
    battery=WATTS,
    name=st.sampled_from(["grid", "battery"]),
)
def test_whichever_sign_is_swapped_is_among_those_named(pv: int, load: int, battery: int, name: str) -> None:
    powers = {"pv": pv, "house_load": load, "battery": battery, "grid": load + battery - pv}
    assume(abs(2 * powers[name]) > TOLERANCE_W)
    told = powers | {name: -powers[name]}
    state = house(
        **{f"{key}_w" if key == "house_load" else f"{key}_power_w": value for key, value in told.items()}
    )
    found = balance(state)
    assert found is not None
    assert abs(found.gap_w) > TOLERANCE_W
    assert f"{name}_power_w" in explained_by(state, TOLERANCE_W)


@given(pv=st.integers(0, 20_000), load=st.integers(0, 20_000), battery=WATTS)
def test_a_house_that_tells_the_truth_is_never_suspected(pv: int, load: int, battery: int) -> None:
    grid = load + battery - pv
    for measured in ({"house_load_w": load}, {}):
        told = balance(house(pv_power_w=pv, battery_power_w=battery, grid_power_w=grid, **measured))
        assert told is None or told.gap_w == 0
