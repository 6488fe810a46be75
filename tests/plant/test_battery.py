import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config.plant import PlantBattery
from bitgrid.plant.battery import BatteryBank


def bank(soc_pct: float = 60.0, *, efficiency: float = 0.95) -> BatteryBank:
    limits = {"max_charge_w": 3000, "max_discharge_w": 2500, "soc_min_pct": 5.0}
    physics = PlantBattery.model_validate(limits | {"soc_start_pct": soc_pct, "one_way_efficiency": efficiency})
    return BatteryBank(1000, physics)


def test_it_takes_the_surplus_up_to_its_limit_and_covers_what_is_missing_up_to_its_limit() -> None:
    assert bank().balance(800) == 800
    assert bank().balance(8000) == 3000
    assert bank().balance(-800) == -800
    assert bank().balance(-8000) == -2500
    assert bank().balance(0) == 0


def test_it_stops_at_full_and_at_its_reserve() -> None:
    full, empty = bank(99.9), bank(5.1)
    for _ in range(600):
        full.balance(3000)
        empty.balance(-2500)
    assert full.balance(3000) == 0
    assert empty.balance(-2500) == 0
    assert full.soc_pct == pytest.approx(100, abs=0.001)
    assert empty.soc_pct == pytest.approx(5, abs=0.001)


def test_its_last_second_takes_just_what_still_fits() -> None:
    full = bank(99.9)  # 3600 Ws of room
    assert [full.balance(3000) for _ in range(3)] == [3000, 789, 0]


def test_below_its_reserve_it_gives_nothing_and_still_charges() -> None:
    low = bank()
    low.set_soc(2.0)
    assert low.balance(-500) == 0
    assert low.balance(500) == 500


@given(st.lists(st.integers(-4000, 4000), max_size=300), st.floats(0.6, 1.0), st.floats(5, 100))
def test_what_goes_in_less_the_losses_is_what_is_stored(
    surpluses: list[int], efficiency: float, soc_pct: float
) -> None:
    battery = bank(soc_pct, efficiency=efficiency)
    before_ws = battery.stored_ws
    powers = [battery.balance(surplus) for surplus in surpluses]
    charged, discharged = sum(p for p in powers if p > 0), -sum(p for p in powers if p < 0)
    stored = charged * efficiency - discharged / efficiency
    assert battery.stored_ws - before_ws == pytest.approx(stored, abs=1e-3)
    assert 0.0 <= battery.stored_ws <= battery.capacity_ws + 1e-6
    assert all(abs(power) <= abs(surplus) for power, surplus in zip(powers, surpluses, strict=True))
    assert all(power * surplus >= 0 for power, surplus in zip(powers, surpluses, strict=True))
