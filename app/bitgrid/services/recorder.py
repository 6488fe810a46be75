"""`recorder`: telemetry to SQLite, in batches."""

from __future__ import annotations

from functools import partial

from bitgrid.bus import HealthStatus
from bitgrid.services import runtime
from bitgrid.store import TelemetryStore
from bitgrid.store.batching import TelemetryRecorder

STEP_S = 5.0


def main() -> None:
    """Wire bus and store, and run until told to end; what waits is written before that."""
    service = runtime.start("recorder")
    store = TelemetryStore(service.paths.data / "bitgrid.sqlite")
    recorder = TelemetryRecorder(store, service.topics, service.clock)
    bus = service.connect_bus()
    bus.subscribe(
        service.topics.telemetry("+", "+"),
        lambda received: service.inbox.put(partial(recorder.on_telemetry, received)),
    )
    bus.subscribe(service.topics.ups, lambda received: service.inbox.put(partial(recorder.on_ups, bus, received)))

    def step() -> runtime.StepHealth | None:
        problem = recorder.step()
        return runtime.StepHealth(HealthStatus.WARN, problem) if problem else None

    service.run_loop(bus, step, STEP_S)
    recorder.flush()
    service.close_bus(bus)
    store.close()


if __name__ == "__main__":
    main()
