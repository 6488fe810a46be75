"""What goes wrong in a house, and how soon the miner is off: the whole house in one process, second by second.

The bounds are the product's promises. They are counted from the fault, on the miner's own power.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bitgrid.bus import EstopRequest, OverrideRequest
from bitgrid.config.loading import load_plant
from bitgrid.plant.faults import Fault
from bitgrid.store import StoreError
from whole_house import CONFIG_DIRECTORY, WholeHouse

MORNING_S = dt.datetime(2025, 5, 14, 8, 30, tzinfo=dt.UTC).timestamp()
OFF_W = 50


@pytest.fixture
def house(tmp_path: Path) -> WholeHouse:
    """A sunny morning; the miner runs, warm and steady."""
    sunny = load_plant(CONFIG_DIRECTORY).model_copy(update={"cloudiness": 0.0})
    house = WholeHouse(tmp_path, MORNING_S, plant=sunny)
    house.live(1500)
    assert house.miner_w > 700
    return house


def seconds_to_off(house: WholeHouse, at_most: int = 400) -> int:
    """Live on until the miner's own power is gone; how long that took, s."""
    for second in range(at_most):
        if house.miner_w < OFF_W:
            return second
        house.live(1)
    raise AssertionError(f"the miner still draws {house.miner_w} W after {at_most} s; {house.switches}")


class TestDeadProcesses:
    @pytest.mark.parametrize("name", ["rules", "loads", "guard"])
    def test_without_one_controller_the_miner_is_off_within_a_minute(self, house: WholeHouse, name: str) -> None:
        house.kill(name)
        assert seconds_to_off(house) <= 60

    def test_without_the_poller_it_is_off_within_two_polls_of_the_time_out(self, house: WholeHouse) -> None:
        house.kill("poller")
        assert seconds_to_off(house) <= 60 + 2 * 5 + 5

    def test_without_the_broker_it_is_off_within_a_minute(self, house: WholeHouse) -> None:
        house.bus.is_connected = False
        assert seconds_to_off(house) <= 60

    @pytest.mark.parametrize(
        "names", [("rules", "loads"), ("rules", "guard"), ("loads", "poller"), ("rules", "poller", "loads")]
    )
    def test_whoever_is_left_puts_it_off(self, house: WholeHouse, names: tuple[str, ...]) -> None:
        house.kill(*names)
        assert seconds_to_off(house) <= 75

    @pytest.mark.parametrize(
        "names", [("rules",), ("guard",), ("rules", "guard"), ("rules", "loads"), ("loads", "guard")]
    )
    def test_also_a_miner_that_ignores_its_stop(self, house: WholeHouse, names: tuple[str, ...]) -> None:
        house.house.faults.add(Fault.MINER_IGNORES_STOP)
        house.kill(*names)
        assert seconds_to_off(house) <= 121

    def test_a_guard_that_hears_nothing_ends_the_lease(self, house: WholeHouse) -> None:
        house.way.guard = None
        assert seconds_to_off(house) <= 50

    def test_a_ledger_that_cannot_be_written_ends_it_with_the_next_block(
        self, house: WholeHouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_arguments: object) -> None:
            raise StoreError("disk full")

        monkeypatch.setattr(house.ledger, "append", refuse)
        assert seconds_to_off(house) <= 300 + 45 + 5

    def test_with_the_whole_appliance_dead_the_relays_own_timer_does(self, house: WholeHouse) -> None:
        house.kill("rules", "loads", "guard", "poller")
        assert seconds_to_off(house) <= 120 + 1

    def test_a_dead_controller_that_comes_back_does_not_bring_the_miner_back_by_itself(
        self, house: WholeHouse
    ) -> None:
        house.kill("loads")
        seconds_to_off(house)
        house.start_loads()
        house.live(120)
        assert house.miner_w < OFF_W

    def test_after_all_is_well_again_the_rules_start_it_anew(self, house: WholeHouse) -> None:
        house.kill("guard")
        seconds_to_off(house)
        switched = len(house.switches)
        house.start_guard()
        house.live(3600)
        assert house.switches[switched][0] == "START"
        assert house.miner_w > 700


class TestRestarts:
    def test_rules_take_the_running_miner_over(self, house: WholeHouse) -> None:
        switched = len(house.switches)
        house.start_rules()
        for _ in range(120):
            house.live(1)
            assert house.miner_w > 700
        assert len(house.switches) == switched
        assert "RESYNC" in [record["trigger"] for record in house.decisions]

    @pytest.mark.parametrize(
        "names", [("rules", "loads"), ("loads", "rules"), ("guard", "rules"), ("loads", "guard")]
    )
    def test_two_that_come_back_at_once_do_not_start_again_what_was_stopped(
        self, house: WholeHouse, names: tuple[str, ...]
    ) -> None:
        for name in names:
            getattr(house, f"start_{name}")()
        assert seconds_to_off(house) <= 10
        for _ in range(600):  # a stop is a stop: the pause is kept, and a start is a decision
            house.live(1)
            assert house.miner_w < OFF_W
        assert house.switches[-1] == ("STOP", "R3_CONTROLLER_LOST")

    @pytest.mark.parametrize("name", ["guard", "loads"])
    def test_a_new_guard_or_loads_begins_with_the_miner_off(self, house: WholeHouse, name: str) -> None:
        getattr(house, f"start_{name}")()
        assert seconds_to_off(house) <= 60

    def test_a_new_poller_is_not_noticed(self, house: WholeHouse) -> None:
        switched = len(house.switches)
        house.start_poller()
        house.live(120)
        assert len(house.switches) == switched


class TestFaults:
    @pytest.mark.parametrize("fault", [Fault.METER_SILENT, Fault.INVERTER_SILENT, Fault.BATTERY_SILENT])
    def test_a_silent_meter_stops_it_within_two_polls_of_the_time_out(
        self, house: WholeHouse, fault: Fault
    ) -> None:
        house.house.faults.add(fault)
        assert seconds_to_off(house) <= 60 + 2 * 5 + 5
        assert ("STOP", "R3_METER_SILENT") in house.switches

    def test_a_silent_miner_is_cut_off_by_its_relay(self, house: WholeHouse) -> None:
        house.house.faults.add(Fault.MINER_SILENT)
        assert seconds_to_off(house) <= 60 + 30

    def test_a_hot_miner_is_stopped_as_soon_as_it_says_so(self, house: WholeHouse) -> None:
        house.house.faults.add(Fault.MINER_HOT)
        for _ in range(600):
            house.live(1)
            if house.house.miners["miner"].temp_c > 85.1:
                break
        assert seconds_to_off(house) <= 15
        assert ("STOP", "R3_OVER_TEMP") in house.switches

    def test_a_miner_that_ignores_its_stop_is_cut_off(self, house: WholeHouse) -> None:
        house.house.faults.add(Fault.MINER_IGNORES_STOP)
        house.bus.publish(
            house.topics.override, OverrideRequest(request_id="1", load="miner", action="stop", actor="test")
        )
        assert seconds_to_off(house) <= 75

    def test_a_miner_that_starts_itself_is_cut_off_and_told(self, house: WholeHouse) -> None:
        house.house.faults.add(Fault.MINER_STARTS_ITSELF)
        house.bus.publish(
            house.topics.override, OverrideRequest(request_id="1", load="miner", action="stop", actor="test")
        )
        seconds_to_off(house)
        house.live(120)
        assert house.miner_w < OFF_W

    def test_a_relay_closed_by_hand_is_opened_again_and_told(self, house: WholeHouse) -> None:
        house.bus.publish(
            house.topics.override, OverrideRequest(request_id="1", load="miner", action="stop", actor="test")
        )
        seconds_to_off(house)
        house.live(120)
        house.house.faults.add(Fault.RELAY_BUTTON)
        house.live(60)
        assert house.miner_w < OFF_W
        assert not house.house.relays["miner"].is_contact_closed
        assert [event.kind for event in house.ledger.events(limit=5)] == ["safety"]

    def test_a_silent_relay_ends_the_lease(self, house: WholeHouse) -> None:
        house.house.faults.add(Fault.RELAY_SILENT)
        assert seconds_to_off(house) <= 120

    def test_the_emergency_stop_is_quick(self, house: WholeHouse) -> None:
        house.bus.publish(house.topics.estop, EstopRequest(request_id="1", engage=True, actor="test"))
        assert seconds_to_off(house) <= 5

    def test_a_clock_that_jumps_a_day_neither_stops_nor_doubles(self, house: WholeHouse) -> None:
        for jump_s in (86_400, -86_400):
            house.clock.wall_s += jump_s
            house.live(5)
        keys = [(r["clock_epoch"], r["block"]) for r in house.decisions if r["trigger"] == "TICK"]
        assert len(keys) == len(set(keys))


class TestBooting:
    """The miner boots for forty seconds, hears nothing meanwhile, and begins to hash by itself."""

    @pytest.fixture
    def booting(self, tmp_path: Path) -> WholeHouse:
        """Power has just been given to it."""
        sunny = load_plant(CONFIG_DIRECTORY).model_copy(update={"cloudiness": 0.0})
        house = WholeHouse(tmp_path, MORNING_S, plant=sunny)
        for _ in range(1500):
            house.live(1)
            if house.house.relays["miner"].is_contact_closed:
                return house
        pytest.fail("it was never started")

    @pytest.mark.parametrize("after_s", [1, 15, 30, 36])
    def test_a_stop_meanwhile_leaves_it_no_power_to_wake_on(self, booting: WholeHouse, after_s: int) -> None:
        booting.live(after_s)
        wish = OverrideRequest(request_id="1", load="miner", action="stop", duration_s=3600, actor="test")
        booting.bus.publish(booting.topics.override, wish)
        booting.live(3)
        assert not booting.house.relays["miner"].is_contact_closed
        booting.live(120)
        assert max(moment.miner_w for moment in booting.moments) < OFF_W

    @pytest.mark.parametrize("name", ["guard", "loads"])
    def test_whoever_is_left_does_so_alone(self, booting: WholeHouse, name: str) -> None:
        booting.kill(name)
        booting.live(200)
        assert max(moment.miner_w for moment in booting.moments) < OFF_W


def test_at_boot_the_load_is_put_off_before_anything_else(tmp_path: Path) -> None:
    house = WholeHouse(tmp_path, MORNING_S)
    house.house.relays["miner"].switch(output=True, now_s=house.house.now_s, toggle_after_s=None, source="button")
    house.kill("guard", "loads", "rules")
    house.live(100)
    assert house.miner_w > 300
    house.start_guard()
    house.start_loads()
    house.start_rules()
    assert seconds_to_off(house) <= 15
    house.live(10)
    assert not house.house.relays["miner"].is_contact_closed
