"""`recorder`: telemetry to SQLite, in batches; each finished day to the archive; the ledger's second copy."""

from __future__ import annotations

from functools import partial

from bitgrid.services import runtime, stores
from bitgrid.services.archive_child import ArchiveChild
from bitgrid.store.archivist import Archivist
from bitgrid.store.batching import TelemetryRecorder
from bitgrid.store.hot import open_telemetry
from bitgrid.store.ledger_copy import LedgerCopy

STEP_S = 5.0


def main() -> None:
    """Wire bus and store, and run until told to end; what waits is written before that."""
    service = runtime.start("recorder")
    data, clock = service.paths.data, service.clock
    bus = service.connect_bus()
    store, loss = stores.opened(service, bus, partial(open_telemetry, data / "bitgrid.sqlite", clock))
    recorder = TelemetryRecorder(store, service.topics, clock)
    child = ArchiveChild.of(data, service.paths.config, clock)
    archivist = Archivist(store, child, clock)
    copy = LedgerCopy(data / "ledger", data / "snapshots" / "ledger", clock)
    bus.subscribe(
        service.topics.telemetry("+", "+"),
        lambda received: service.inbox.put(partial(recorder.on_telemetry, received)),
    )
    bus.subscribe(service.topics.ups, lambda received: service.inbox.put(partial(recorder.on_ups, bus, received)))

    def step() -> runtime.StepHealth | None:
        return stores.health(recorder.step(), "; ".join(filter(None, (copy.step(), archivist.step()))), loss)

    service.run_loop(bus, step, STEP_S)
    child.stop()
    recorder.flush()
    service.close_bus(bus)
    store.close()


if __name__ == "__main__":
    main()
