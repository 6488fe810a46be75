"""The recorder's work: values gathered, written in one transaction an interval."""

from __future__ import annotations

import logging
from collections import deque

from bitgrid.bus import Bus, CommandReply, Received, Telemetry, Topics, UpsReport, decode
from bitgrid.clock import Clock
from bitgrid.store.errors import StoreError
from bitgrid.store.telemetry import Measured, TelemetryStore

log = logging.getLogger(__name__)

WRITE_EVERY_S = 900.0
"""Each batch costs some 50 kB beside its values, whatever its size: at 60 s the day's bytes would be threefold."""
DECIMALS = 3
"""Of a value, in its signal's unit: no meter is finer, and what is computed needs three times the room."""
TRY_EVERY_S = 60.0
MAX_WAITING = 100_000
SAME_TIME_S = 0.5
"""A time that is reckoned from an age told anew is as exact as this."""


class TelemetryRecorder:
    """Gathers what is measured; what cannot be written waits, the oldest giving way when too much does."""

    def __init__(self, store: TelemetryStore, topics: Topics, clock: Clock) -> None:
        self._store, self._topics, self._clock = store, topics, clock
        self._waiting: deque[Measured] = deque(maxlen=MAX_WAITING)
        self._newest: dict[tuple[str, str], Measured] = {}
        self._next_write_boot_s = clock.boot() + WRITE_EVERY_S
        self._not_written = ""

    @property
    def waiting(self) -> int:
        """How many values are not written yet."""
        return len(self._waiting)

    def on_telemetry(self, received: Received) -> None:
        """A measured value; forecasts are no measurement, and what was retained was heard before."""
        names, told = self._topics.parse_telemetry(received.topic), decode(Telemetry, received.payload)
        if names is None or told is None or received.retained or isinstance(told.value, list):
            return
        at_s = round(self._clock.now() - told.age_at_s(self._clock.boot()), 1)
        value = None if told.value is None else round(told.value, DECIMALS)
        new = Measured(at_s, *names, value, told.quality.value)
        known = self._newest.get((new.device, new.signal))
        self._newest[new.device, new.signal] = new
        if known is None or abs(at_s - known.at_s) > SAME_TIME_S:
            self._waiting.append(new)
        elif new[1:] != known[1:]:
            # Another price of an auction long made, or a value that its age has made stale: it holds from now on.
            self._waiting.append(new._replace(at_s=round(self._clock.now(), 1)))

    def on_ups(self, bus: Bus, received: Received) -> None:
        """Before the computer is shut down, write what waits and say so."""
        report = decode(UpsReport, received.payload)
        if report is None or received.retained or report.status != "shutdown":
            return
        problem = self.flush()
        reply = CommandReply(
            request_id=report.request_id, accepted=not problem, code="WRITTEN", text=problem or "all is written"
        )
        bus.publish(self._topics.reply, reply)

    def step(self) -> str:
        """Write when it is time; tell what is wrong, or nothing."""
        if self._clock.boot() >= self._next_write_boot_s:
            self._not_written = self.flush()
        return self._not_written

    def flush(self) -> str:
        """Write everything that waits, in one transaction; tell what is wrong, or nothing."""
        self._next_write_boot_s = self._clock.boot() + WRITE_EVERY_S
        batch = list(self._waiting)
        try:
            self._store.append(batch)
        except StoreError as error:
            log.warning("%s; %d values wait", error, len(batch))
            self._next_write_boot_s = self._clock.boot() + TRY_EVERY_S
            return str(error)
        for _measured in batch:
            self._waiting.popleft()
        return ""
