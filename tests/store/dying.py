"""A process that writes and is killed: `python dying.py DIRECTORY` records decisions and telemetry until it dies.

Each thing that was acknowledged is printed, before the next is begun.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bitgrid.bus import Received, Telemetry, Topics
from bitgrid.clock import HeldClock
from bitgrid.store import Ledger, TelemetryStore
from bitgrid.store.batching import WRITE_EVERY_S, TelemetryRecorder
from store.books import BLOCK_S, NOVEMBER_END_S, decision

SIGNALS = 20


def main() -> None:
    directory, clock = Path(sys.argv[1]), HeldClock(wall_s=NOVEMBER_END_S)
    ledger = Ledger(directory / "ledger")
    recorder = TelemetryRecorder(TelemetryStore(directory / "bitgrid.sqlite"), Topics("home"), clock)
    while True:
        head = ledger.append(decision(int(clock.now()), trigger="PROTECT"), "{}")
        tell(f"decision {head.seq}")
        for number in range(SIGNALS):
            told = Telemetry(value=float(number), source="meter")
            topic = Topics("home").telemetry("meter", f"signal_{number}")
            recorder.on_telemetry(Received(topic, told.encode(), retained=False))
        waiting = recorder.waiting
        recorder.step()
        if waiting and not recorder.waiting:
            tell(f"batch {clock.now()}")
        clock.advance(min(BLOCK_S, WRITE_EVERY_S) / 2)


def tell(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
