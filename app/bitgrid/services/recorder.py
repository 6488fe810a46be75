"""`recorder`: telemetry to SQLite, in batches; each finished day to the archive."""

from __future__ import annotations

from functools import partial

from bitgrid.bus import HealthStatus
from bitgrid.services import runtime
from bitgrid.services.archive_child import ArchiveChild
from bitgrid.store import TelemetryStore
from bitgrid.store.archivist import Archivist
from bitgrid.store.batching import TelemetryRecorder

STEP_S = 5.0


def main() -> None:
    """Wire bus and store, and run until told to end; what waits is written before that."""
    service = runtime.start("recorder")
    store = TelemetryStore(service.paths.data / "bitgrid.sqlite")
    recorder = TelemetryRecorder(store, service.topics, service.clock)
    child = ArchiveChild.of(service.paths.data, service.paths.config, service.clock)
    archivist = Archivist(store, child, service.clock)
    bus = service.connect_bus()
    bus.subscribe(
        service.topics.telemetry("+", "+"),
        lambda received: service.inbox.put(partial(recorder.on_telemetry, received)),
    )
    bus.subscribe(service.topics.ups, lambda received: service.inbox.put(partial(recorder.on_ups, bus, received)))

    def step() -> runtime.StepHealth | None:
        problem = "; ".join(filter(None, (recorder.step(), archivist.step())))
        return runtime.StepHealth(HealthStatus.WARN, problem) if problem else None

    service.run_loop(bus, step, STEP_S)
    child.stop()
    recorder.flush()
    service.close_bus(bus)
    store.close()


if __name__ == "__main__":
    main()
