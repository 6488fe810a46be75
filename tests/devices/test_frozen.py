"""A device that repeats itself while power flows is frozen; one that has nothing to tell is not."""

from __future__ import annotations

from bitgrid.config.signals import SignalName
from bitgrid.devices.frozen import FrozenWatch

AFTER_S = 900
Figures = dict[SignalName, float | None]


def watched(figures: Figures, seconds: float, watch: FrozenWatch | None = None) -> frozenset[SignalName]:
    """What is frozen after the same figures were told every ten seconds for so long."""
    watch = watch or FrozenWatch(AFTER_S)
    frozen: frozenset[SignalName] = frozenset()
    for second in range(0, round(seconds) + 1, 10):
        frozen = watch.step(figures, 1_000 + second)
    return frozen


def test_the_same_power_for_a_quarter_of_an_hour_is_frozen_and_not_a_moment_before() -> None:
    assert watched({"grid_power_w": 412.0}, AFTER_S - 10) == frozenset()
    assert watched({"grid_power_w": 412.0}, AFTER_S) == {"grid_power_w"}


def test_a_night_without_sun_is_not_frozen() -> None:
    assert watched({"pv_power_w": 0.0}, 36_000) == frozenset()
    assert watched({"pv_power_w": 0.0, "battery_power_w": 0.0, "battery_soc_pct": 20.0}, 36_000) == frozenset()
    assert watched({"pv_power_w": None, "battery_power_w": 0.0, "battery_soc_pct": 20.0}, 36_000) == frozenset()


def test_what_is_no_power_may_stay_what_it_is() -> None:
    assert watched({"room_temp_c": 21.0}, 36_000) == frozenset()
    assert watched({"grid_limit_w": 4200.0, "emergency_stop": 0.0}, 36_000) == frozenset()


def test_a_whole_device_is_frozen_with_all_it_tells() -> None:
    figures: Figures = {"battery_power_w": -800.0, "battery_soc_pct": 50.0}
    assert watched(figures, AFTER_S) == {"battery_power_w", "battery_soc_pct"}


def test_a_battery_at_its_limit_is_not_frozen_while_its_charge_moves() -> None:
    watch = FrozenWatch(AFTER_S)
    for minute in range(120):
        assert (
            watch.step({"battery_power_w": 5000.0, "battery_soc_pct": 20 + minute / 10}, 60 * minute)
            == frozenset()
        )


def test_the_meter_behind_a_living_inverter_is_seen_to_hang() -> None:
    watch, frozen = FrozenWatch(AFTER_S), frozenset[SignalName]()
    for second in range(0, AFTER_S + 1, 10):
        frozen = watch.step({"pv_power_w": 3000.0 + second, "grid_power_w": -1200.0}, second)
    assert frozen == {"grid_power_w"}


def test_it_is_believed_again_as_soon_as_anything_moves() -> None:
    watch = FrozenWatch(AFTER_S)
    assert watched({"grid_power_w": 412.0}, AFTER_S, watch)
    assert watch.step({"grid_power_w": 412.1}, 5_000) == frozenset()
    assert watch.step({"grid_power_w": 412.1}, 5_000 + AFTER_S - 1) == frozenset()


def test_a_device_that_now_and_then_falls_silent_is_not_let_off() -> None:
    """The time counts from the first of the same answers, however few came."""
    watch = FrozenWatch(AFTER_S)
    watch.step({"grid_power_w": 412.0}, 0)
    assert watch.step({"grid_power_w": 412.0}, AFTER_S) == {"grid_power_w"}
