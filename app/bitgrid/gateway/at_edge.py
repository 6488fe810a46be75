"""The edge's end of the link: to the rules it is the guard, and it answers what its boot clock shows."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from bitgrid.bus import Bus, Received, Topics, decode
from bitgrid.clock import Clock
from bitgrid.gateway.messages import Carried, Ping, Pong
from bitgrid.guard.link import decode_report, decode_request, encode

EXPIRY_S = 5.0
"""What waited longer at the broker is not delivered."""


class EdgeEnd:
    """Passes on what rules and a far guard say to each other.

    Args:
        bus: the edge's broker.
        topics: of this site.
        clock: the edge's.
        to_rules: hands a datagram to the rules.
    """

    def __init__(self, bus: Bus, topics: Topics, clock: Clock, to_rules: Callable[[bytes], object]) -> None:
        self._bus, self._topics, self._clock, self._to_rules = bus, topics, clock, to_rules
        self._instance = uuid.uuid4().hex[:12]
        self.heard_boot_s: float | None = None
        bus.subscribe(topics.link("ping"), self._on_ping)
        bus.subscribe(topics.link("report"), self._on_report)

    def on_datagram(self, datagram: bytes) -> None:
        """What the rules say to the guard."""
        if decode_request(datagram) is not None:
            self._bus.publish(self._topics.link("request"), Carried(datagram=datagram.decode()), expiry_s=EXPIRY_S)

    def silent_s(self) -> float | None:
        """Seconds since the gateway was last heard; None: not yet."""
        return None if self.heard_boot_s is None else self._clock.boot() - self.heard_boot_s

    def _on_ping(self, received: Received) -> None:
        ping = None if received.retained else decode(Ping, received.payload)
        if ping is None:
            return
        self.heard_boot_s = self._clock.boot()
        told = Pong(echo_boot_s=ping.sent_boot_s, edge_boot_s=self.heard_boot_s, instance=self._instance)
        self._bus.publish(self._topics.link("pong"), told, expiry_s=EXPIRY_S)

    def _on_report(self, received: Received) -> None:
        carried = None if received.retained else decode(Carried, received.payload)
        report = None if carried is None else decode_report(carried.datagram.encode())
        # A far clock that runs ahead of ours is one that was translated wrongly; it is not believed.
        if report is not None and report.sent_boot_s <= self._clock.boot():
            self._to_rules(encode(report))
