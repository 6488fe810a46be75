from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from bitgrid.bus import CommandReply, Quality, Received, Telemetry, Topics, UpsReport, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.store import StoreError, TelemetryStore
from bitgrid.store.batching import MAX_WAITING, TelemetryRecorder
from bitgrid.store.telemetry import Measured

TOPICS = Topics("home")


@pytest.fixture
def store(tmp_path: Path) -> TelemetryStore:
    return TelemetryStore(tmp_path / "bitgrid.sqlite")


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def recorder(store: TelemetryStore, clock: HeldClock) -> TelemetryRecorder:
    return TelemetryRecorder(store, TOPICS, clock)


def told(value: float | list[float] | None, *, retained: bool = False, signal: str = "grid_power_w") -> Received:
    message = Telemetry(value=value, source="meter", quality=Quality.GOOD)
    return Received(TOPICS.telemetry("meter", signal), message.encode(), retained)


class TestStore:
    def test_keeps_values_in_order(self, store: TelemetryStore) -> None:
        store.append(
            [
                Measured(2.0, "meter", "grid_power_w", 7.0, "good"),
                Measured(1.0, "meter", "grid_power_w", None, "invalid"),
            ]
        )
        assert [(row.at_s, row.value) for row in store.values("meter", "grid_power_w", 0)] == [
            (1.0, None),
            (2.0, 7.0),
        ]

    def test_takes_more_rows_than_a_statement_holds_in_one_transaction(self, store: TelemetryStore) -> None:
        store.append(Measured(float(number), "meter", "grid_power_w", 1.0, "good") for number in range(1000))
        assert len(store.values("meter", "grid_power_w", 0)) == 1000

    def test_forgets_a_day_only_if_it_holds_what_it_is_said_to_hold(self, store: TelemetryStore) -> None:
        midnight_s = 1_772_323_200.0
        times = [midnight_s - 0.1, midnight_s, midnight_s + 86_399.9, midnight_s + 86_400]
        store.append(Measured(at_s, "meter", "x", 1.0, "good") for at_s in times)
        day = dt.date(2026, 3, 1)
        assert not store.drop_day(day, 3)
        assert len(store.values("meter", "x", 0)) == 4
        assert store.drop_day(day, 2)
        assert [row.at_s for row in store.values("meter", "x", 0)] == [times[0], times[3]]

    def test_forgets_what_is_old(self, store: TelemetryStore) -> None:
        store.append(Measured(float(number), "meter", "x", 1.0, "good") for number in range(10))
        assert store.drop_before(4.0) == 4
        assert len(store.values("meter", "x", 0)) == 6

    def test_tells_a_span_by_time_device_and_signal_however_many_there_are(self, store: TelemetryStore) -> None:
        """More than a piece, several values at a time, and the ends: the first is in, the last is not."""
        told = [
            Measured(float(second), device, signal, second / 2, "good")
            for second in range(1500)
            for device, signal in (("battery", "soc"), ("meter", "a"), ("meter", "b"))
        ]
        store.append(reversed(told))
        assert list(store.rows(0, 1500)) == told
        assert list(store.rows(10, 12)) == told[30:36]
        assert list(store.rows(2000, 3000)) == []

    def test_a_batch_written_while_a_span_is_read_is_no_hindrance(self, store: TelemetryStore) -> None:
        store.append(Measured(float(second), "meter", "x", 1.0, "good") for second in range(5000))
        reading = store.rows(0, 10_000)
        assert next(reading).at_s == 0.0
        store.append([Measured(9_000.0, "meter", "x", 2.0, "good")])
        assert store.drop_before(1.0) == 1
        assert [row.at_s for row in reading][-1] == 9_000.0

    def test_names_the_days_it_holds(self, store: TelemetryStore) -> None:
        day_s = 1_750_032_000.0
        assert store.days() == []
        for at_s in (day_s - 0.1, day_s, day_s + 86_399.9, day_s + 3 * 86_400):
            store.append([Measured(at_s, "meter", "x", 1.0, "good")])
        assert [str(day) for day in store.days()] == ["2025-06-15", "2025-06-16", "2025-06-19"]

    def test_names_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "broken.sqlite").write_bytes(b"garbage" * 1000)
        with pytest.raises(StoreError, match=r"broken\.sqlite"):
            TelemetryStore(tmp_path / "broken.sqlite")


class TestRecorder:
    def test_writes_once_an_interval(
        self, recorder: TelemetryRecorder, store: TelemetryStore, clock: HeldClock
    ) -> None:
        recorder.on_telemetry(told(5.0))
        clock.advance(899)
        assert recorder.step() == ""
        assert store.values("meter", "grid_power_w", 0) == []
        clock.advance(1)
        assert recorder.step() == ""
        assert [row.value for row in store.values("meter", "grid_power_w", 0)] == [5.0]
        assert recorder.waiting == 0

    def test_what_waited_on_its_way_is_written_at_its_own_time(
        self, recorder: TelemetryRecorder, store: TelemetryStore, clock: HeldClock
    ) -> None:
        message = Telemetry(value=5.0, source="meter", age_s=1.0, sent_boot_s=clock.boot())
        sent_s = clock.now()
        clock.advance(60)
        recorder.on_telemetry(
            Received(TOPICS.telemetry("meter", "grid_power_w"), message.encode(), retained=False)
        )
        recorder.flush()
        assert [row.at_s for row in store.values("meter", "grid_power_w", 0)] == [sent_s - 1]

    def test_leaves_out_forecasts_and_what_was_retained(self, recorder: TelemetryRecorder) -> None:
        recorder.on_telemetry(told([1.0, 2.0], signal="pv_forecast_w"))
        recorder.on_telemetry(told(5.0, retained=True))
        recorder.on_telemetry(Received("bitgrid/home/other", b"{}", retained=False))
        recorder.on_telemetry(Received(TOPICS.telemetry("meter", "x"), b"garbage", retained=False))
        assert recorder.waiting == 0

    def test_keeps_what_cannot_be_written(
        self, recorder: TelemetryRecorder, store: TelemetryStore, clock: HeldClock
    ) -> None:
        recorder.on_telemetry(told(5.0))
        real, store.append = store.append, _refuse  # type: ignore[method-assign]
        clock.advance(900)
        assert "disk full" in recorder.step()
        assert recorder.waiting == 1
        store.append = real  # type: ignore[method-assign]
        assert recorder.flush() == ""
        assert recorder.waiting == 0

    def test_keeps_what_changes_though_it_was_learned_at_one_time(
        self, recorder: TelemetryRecorder, store: TelemetryStore, clock: HeldClock
    ) -> None:
        """A price of each block, all of one auction's answer; then a value that turns stale as it is."""
        began_s, good, stale = clock.now(), Quality.GOOD, Quality.STALE
        for value, quality in zip((30.0, 30.0, 12.5, 12.5, 30.0, 30.0), [*[good] * 5, stale], strict=True):
            clock.advance(600)
            message = Telemetry(value=value, source="market", age_s=clock.now() - began_s, quality=quality)
            recorder.on_telemetry(Received(TOPICS.telemetry("tariff", "price"), message.encode(), retained=False))
        assert recorder.flush() == ""
        rows = [(row.at_s - began_s, row.value, row.quality) for row in store.values("tariff", "price", 0)]
        assert rows == [(0, 30.0, "good"), (1800, 12.5, "good"), (3000, 30.0, "good"), (3600, 30.0, "stale")]

    def test_gives_up_the_oldest_before_memory_runs_out(self, recorder: TelemetryRecorder) -> None:
        for _ in range(MAX_WAITING // 1000 + 1):
            recorder._waiting.extend([Measured(0, "d", "s", 1.0, "good")] * 1000)
        assert recorder.waiting == MAX_WAITING


def _refuse(_batch: object) -> None:
    raise StoreError("disk full")


class TestBeforeAShutdown:
    @pytest.fixture
    def replies(self, recorder: TelemetryRecorder) -> list[CommandReply]:
        """What the recorder answers on a bus of its own."""
        self.bus, heard = MemoryBus(), []
        self.bus.subscribe(TOPICS.reply, lambda received: heard.append(decode(CommandReply, received.payload)))
        self.bus.subscribe(TOPICS.ups, partial(recorder.on_ups, self.bus))
        return heard

    def test_what_waits_is_written_and_said_to_be(
        self, recorder: TelemetryRecorder, store: TelemetryStore, replies: list[CommandReply]
    ) -> None:
        recorder.on_telemetry(told(5.0))
        self.bus.publish(TOPICS.ups, UpsReport(request_id="r", status="shutdown", actor="test"))
        assert [(reply.request_id, reply.accepted, reply.code) for reply in replies] == [("r", True, "WRITTEN")]
        assert [row.value for row in store.values("meter", "grid_power_w", 0)] == [5.0]

    def test_what_cannot_be_written_is_said_too(
        self, replies: list[CommandReply], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_arguments: object) -> None:
            raise StoreError("disk full")

        monkeypatch.setattr(TelemetryStore, "append", refuse)
        self.bus.publish(TOPICS.ups, UpsReport(request_id="r", status="shutdown", actor="test"))
        assert [(reply.accepted, reply.text) for reply in replies] == [(False, "disk full")]

    @pytest.mark.parametrize("status", ["online", "on_battery"])
    def test_anything_else_the_ups_does_is_not_its_business(
        self, recorder: TelemetryRecorder, replies: list[CommandReply], status: Literal["online", "on_battery"]
    ) -> None:
        recorder.on_telemetry(told(5.0))
        self.bus.publish(TOPICS.ups, UpsReport(request_id="r", status=status, actor="test"))
        assert (replies, recorder.waiting) == ([], 1)
