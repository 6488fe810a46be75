"""One wrong, silent or hostile thing: the house stays protected, and is not wedged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import EstopRequest, Quality, Received, Telemetry
from bitgrid.config import Config, load_config
from bitgrid.guard.link import Release, Renew, Trip
from bitgrid.kernel import OFF, LoadMemory, Override, Vote, canonical_json, memory_record
from bitgrid.store import DecisionRow, Head, Ledger, StoreError
from control.desk import CONFIG_DIRECTORY, Desk
from control.test_several_loads import TwoLoadsGuard


@pytest.fixture
def two(tmp_path: Path) -> Desk:
    """A house with two loads."""
    shipped = load_config(CONFIG_DIRECTORY)
    second = shipped.site.loads[0].model_copy(update={"id": "heater", "priority": 2})
    site = shipped.site.model_copy(update={"loads": [*shipped.site.loads, second]})
    desk = Desk(tmp_path, Config(site, shipped.rules, shipped.flags, shipped.policies))
    desk.guard = TwoLoadsGuard()
    desk.start_rules()
    return desk


def estop(desk: Desk, *, engage: bool = True) -> None:
    request = EstopRequest(request_id="e", engage=engage, actor="test")
    desk.requests.on_estop(Received(desk.topics.estop, request.encode(), retained=False))


def refuse(*_arguments: object) -> None:
    raise StoreError("disk full")


def tell(desk: Desk, device: str, name: str, told: Telemetry) -> None:
    desk.engine.on_telemetry(Received(desk.topics.telemetry(device, name), told.encode(), retained=False))


class TestNumbers:
    @pytest.mark.parametrize("value", [1e308, -1e308, 1e12])
    @pytest.mark.parametrize(
        ("device", "name"),
        [("tariff", "import_price_ct_kwh"), ("miner", "temp_c"), ("miner", "power_w"), ("meter", "grid_power_w")],
    )
    def test_a_number_that_cannot_be_is_no_value(
        self, running: Desk, device: str, name: str, value: float
    ) -> None:
        tell(running, device, name, Telemetry(value=value, source=device))
        running.engine.step()
        running.measure(battery_soc_pct=49.0)
        running.pass_time(2)
        assert running.actions[-1] == ("STOP", "R2_HARD_RESERVE")

    def test_a_forecast_of_such_numbers_is_none(self, desk: Desk) -> None:
        tell(desk, "forecast", "pv_forecast_w", Telemetry(value=[1e308] * 6, source="x"))
        desk.pass_time(2)
        assert desk.engine.builder.latest({}).coming("pv_w") == ()

    def test_what_no_device_of_the_house_tells_is_not_kept(self, desk: Desk) -> None:
        desk.pass_time(1)
        for number in range(100):
            tell(desk, f"flood-{number}", "grid_power_w", Telemetry(value=1.0, source="x"))
            tell(desk, "meter", f"flood-{number}", Telemetry(value=1.0, source="x"))
        assert len(desk.engine.book._samples) == len(desk.measured)


class TestGaps:
    def test_what_was_measured_before_a_silence_is_no_part_of_the_mean_after_it(self, desk: Desk) -> None:
        desk.loads_alive = False  # nothing starts yet
        desk.pass_time(3)
        measured = dict(desk.measured)
        for name in ("grid_power_w", "pv_power_w", "battery_power_w"):
            desk.silence(name)
        desk.pass_time(580 - desk.clock.now() % 600)
        desk.measured, desk.loads_alive = measured, True
        desk.measure(grid_power_w=400.0)
        desk.to_next_block()
        assert desk.decisions[-1]["surplus_w"] == -400
        assert desk.actions == []

    def test_a_miner_that_once_does_not_tell_its_temperature_runs_on(self, running: Desk) -> None:
        running.pass_time(200)
        running.silence("temp_c")
        for _ in range(10):
            tell(running, "miner", "temp_c", Telemetry(value=None, quality=Quality.MISSING, source="miner"))
            running.pass_time(1)
        assert len(running.actions) == 1

    def test_a_miner_that_never_tells_it_any_more_is_stopped(self, running: Desk) -> None:
        running.pass_time(200)
        running.silence("temp_c")
        for _ in range(62):
            tell(running, "miner", "temp_c", Telemetry(value=None, quality=Quality.MISSING, source="miner"))
            running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_LOAD_SILENT")

    def test_a_required_signal_that_is_never_good_stops_within_the_time_out(self, running: Desk) -> None:
        running.silence("battery_soc_pct")
        for _ in range(62):
            tell(running, "battery", "battery_soc_pct", Telemetry(value=None, quality=Quality.MISSING, source="b"))
            running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_METER_SILENT")

    def test_on_inputs_that_went_stale_a_restarted_daemon_does_not_take_over(self, running: Desk) -> None:
        running.start_rules()
        running.silence("temp_c")
        running.pass_time(1)
        running.silence("grid_power_w")
        renewed = len(running.guard.of(Renew))
        running.pass_time(29)
        running.measure(temp_c=60.0)
        running.clock.advance(1)
        running.pass_time(5)
        assert len(running.guard.of(Renew)) == renewed


class TestGuard:
    def test_a_lease_that_the_guard_never_heard_of_is_given_up(self, desk: Desk) -> None:
        desk.guard.hears = False
        desk.pass_time(30)
        assert desk.actions[-1] == ("STOP", "R3_CONTROLLER_LOST")

    def test_one_lost_datagram_is_forgiven(self, desk: Desk) -> None:
        desk.guard.hears = False
        desk.pass_time(5)
        desk.guard.hears = True
        desk.pass_time(60)
        assert desk.actions == [("START", "R1_SURPLUS_OK")]

    def test_a_lease_that_the_guard_ended_is_given_up_at_once(self, running: Desk) -> None:
        running.pass_time(30)
        running.guard.lease_id = None
        running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_CONTROLLER_LOST")

    def test_heat_locks_the_load_also_when_something_else_stopped_it(self, running: Desk) -> None:
        running.guard.trip = Trip(trip_id="t", cause="heat", at_boot_s=1.0, text="hot")
        running.loads_instance = "loads-2"
        running.pass_time(1)
        assert running.actions[-1][0] == "STOP"
        assert running.engine.loads["miner"].memory.lockout_until_s == pytest.approx(
            running.clock.now() + 3600, abs=3
        )

    def test_its_lockout_is_durable(self, running: Desk) -> None:
        running.guard.trip = Trip(trip_id="t", cause="heat", at_boot_s=1.0, text="hot")
        running.loads_instance = "loads-2"
        running.pass_time(1)
        running.start_rules()
        assert running.engine.loads["miner"].memory.lockout_until_s is not None


class TestEmergencyStop:
    def test_every_load_is_sent_off_before_anything_is_written(
        self, two: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        two.pass_time(2)
        assert len(two.actions) == 2
        released_at_write: list[set[str]] = []
        real = two.ledger.append

        def slow_disk(row: DecisionRow, memory: str) -> Head:
            released_at_write.append({release.load for release in two.guard.of(Release)})
            return real(row, memory)

        monkeypatch.setattr(two.ledger, "append", slow_disk)
        estop(two)
        assert released_at_write[0] == {"miner", "heater"}

    def test_one_that_could_not_be_written_is_written_as_soon_as_that_goes(
        self, running: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as full:
            for name in ("append", "save_memories", "append_event"):
                full.setattr(running.ledger, name, refuse)
            estop(running)
            running.pass_time(10)
        running.pass_time(10)
        running.start_rules()
        assert running.engine.house.emergency_stop
        assert running.engine.loads["miner"].memory.lockout_until_s is not None


class TestSeveralLoads:
    def test_the_end_of_an_override_does_not_start_a_load_on_another_ones_surplus(self, two: Desk) -> None:
        two.measure(grid_power_w=-1700.0)
        two.pass_time(2)
        assert [record["load"] for record in two.decisions if record["action"] == "START"] == ["miner"]
        two.measure(power_w=1674.0, temp_c=60.0, grid_power_w=-26.0)
        heater = two.engine.loads["heater"]
        heater.memory = type(heater.memory)(override=Override(Vote.STOP, OFF, two.engine.blocks.now_s() + 5))
        two.pass_time(10)
        assert heater.memory.override is None
        assert len(two.actions) == 1


class TestTransactions:
    def test_a_configuration_that_cannot_be_archived_holds_nothing_up(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.ledger, "archive_configuration", refuse)
        desk.pass_time(1)
        assert "disk full" in desk.engine.problem
        assert desk.actions == [("START", "R1_SURPLUS_OK")]

    def test_an_override_for_a_level_that_is_no_more_is_dropped(self, desk: Desk) -> None:
        ledger = Ledger(desk.ledger._directory)
        gone = LoadMemory(override=Override(Vote.LEVEL, "turbo", int(desk.clock.now()) + 3600))
        ledger.save_memories({"miner": canonical_json(memory_record(gone))}, int(desk.clock.now()))
        ledger.close()
        desk.ledger.close()
        desk.ledger = Ledger(desk.ledger._directory)
        desk.start_rules()
        desk.pass_time(2)
        assert desk.engine.loads["miner"].memory.override is None
        assert [record["level"] for record in desk.decisions if record["action"] == "START"] == ["full"]
