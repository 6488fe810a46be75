"""Telling the house what its UPS does, and waiting for the answer: what upsmon's commands call.

Touches the broker alone, through a bus that is handed in.
"""

from __future__ import annotations

import threading
import uuid
from typing import Literal

from bitgrid.bus import Bus, CommandReply, Received, Topics, UpsReport, decode
from bitgrid.clock import Clock

Status = Literal["online", "on_battery", "shutdown"]
AWAITED: dict[Status, tuple[str, ...]] = {
    "online": ("UPS_ONLINE",),
    "on_battery": ("UPS_ON_BATTERY",),
    "shutdown": ("LOADS_OFF", "WRITTEN"),
}
"""What must have been answered for a report to be done, in this order: by the rules, then by the recorder."""
AGAIN_MACHINE_S = 2.0
_MISSING = {
    "UPS_ONLINE": "the rules did not answer",
    "UPS_ON_BATTERY": "the rules did not answer",
    "LOADS_OFF": "no word that every load is off",
    "WRITTEN": "no word that the telemetry is written",
}


class UpsCall:
    """One report to the house. It is sent again until it is answered; hearing it twice changes nothing."""

    def __init__(self, status: Status, bus: Bus, topics: Topics, clock: Clock, actor: str) -> None:
        self._bus, self._topics, self._clock = bus, topics, clock
        self._report = UpsReport(request_id=uuid.uuid4().hex, status=status, actor=actor)
        self._replies: dict[str, CommandReply] = {}
        self._answered = threading.Event()
        bus.subscribe(topics.reply, self._on_reply)

    def wait(self, machine_s: float) -> list[str]:
        """Send until all is answered, at most so many seconds; what is missing or went wrong, or nothing."""
        speed = self._clock.speed
        give_up_boot_s = self._clock.boot() + machine_s * speed
        while not self._answered.is_set() and self._clock.boot() < give_up_boot_s:
            if self._bus.is_connected:
                self._bus.publish(self._topics.ups, self._report, expiry_s=machine_s * speed)
            left_s = give_up_boot_s - self._clock.boot()
            self._clock.wait(self._answered, min(left_s, AGAIN_MACHINE_S * speed))
        missing = [_MISSING[code] for code in AWAITED[self._report.status] if code not in self._replies]
        return missing + [reply.text for reply in self._replies.values() if not reply.accepted]

    def _on_reply(self, received: Received) -> None:
        reply = decode(CommandReply, received.payload)
        if reply is None or received.retained or reply.request_id != self._report.request_id:
            return
        if reply.code == "LOADS_OFF" and reply.code not in self._replies:
            self._replies.pop("WRITTEN", None)  # written before the loads were off is not all: it is asked again
        self._replies[reply.code] = reply
        if all(code in self._replies for code in AWAITED[self._report.status]):
            self._answered.set()
