"""The gateway's end of the link: to the guard it is the rules; what it passes on is dated by the edge's clock.

Times that say how old something is are translated to the earliest they can have been, times at which something
ends to the earliest they can be. While the edge's clock is not known nothing passes: leases run out.
"""

from __future__ import annotations

from collections.abc import Callable

from bitgrid.bus import Bus, Health, LoadCommand, Received, Telemetry, Topics, decode
from bitgrid.clock import Clock
from bitgrid.config import Site
from bitgrid.gateway.clock_bounds import ClockBounds
from bitgrid.gateway.messages import Carried, Ping, Pong
from bitgrid.guard.link import GuardedLoad, GuardReport, Renew, decode_report, decode_request, encode

PING_EVERY_S = 1.0
EXPIRY_S = 5.0
"""What waited longer at a broker is not delivered."""
PASSED_ON = ("poller", "loads")
"""Whose health the edge must know."""


class GatewayEnd:
    """Translates and passes on.

    Args:
        site: the house, the same on both hosts.
        here: the broker of this host.
        edge: the edge's broker.
        clock: this host's.
        to_guard: hands a datagram to the guard.
    """

    def __init__(
        self, site: Site, here: Bus, edge: Bus, clock: Clock, to_guard: Callable[[bytes], object]
    ) -> None:
        topics = Topics(site.site)
        self._here, self._edge, self._topics, self._clock = here, edge, topics, clock
        self._to_guard, self._bounds, self._asks_boot_s = to_guard, ClockBounds(), float("-inf")
        here.subscribe(topics.telemetry("+", "+"), self._on_telemetry)
        for name in PASSED_ON:
            here.subscribe(topics.health(name), self._on_health)
        for load in site.loads:
            edge.subscribe(topics.command(load.id), self._on_command)
        edge.subscribe(topics.link("pong"), self._on_pong)
        edge.subscribe(topics.link("request"), self._on_request)

    @property
    def is_linked(self) -> bool:
        """Whether the edge's clock is known, so that anything passes."""
        return self._edge.is_connected and self._bounds.is_known(self._clock.boot())

    def step(self) -> None:
        """Ask what time it is at the edge, when it is time to."""
        now = self._clock.boot()
        if now - self._asks_boot_s >= PING_EVERY_S:
            self._asks_boot_s = now
            self._edge.publish(self._topics.link("ping"), Ping(sent_boot_s=now), expiry_s=EXPIRY_S)

    def on_datagram(self, datagram: bytes) -> None:
        """What the guard reports."""
        report = decode_report(datagram)
        if report is not None and self.is_linked:
            told = Carried(datagram=encode(self._dated(report)).decode())
            self._edge.publish(self._topics.link("report"), told, expiry_s=EXPIRY_S)

    def _dated(self, report: GuardReport) -> GuardReport:
        loads = {name: self._dated_load(load) for name, load in report.loads.items()}
        sent_boot_s = self._bounds.at_edge(report.sent_boot_s)
        return report.model_copy(update={"sent_boot_s": sent_boot_s, "loads": loads})

    def _dated_load(self, load: GuardedLoad) -> GuardedLoad:
        if load.trip is None:
            return load
        trip = load.trip.model_copy(update={"at_boot_s": self._bounds.at_edge(load.trip.at_boot_s)})
        return load.model_copy(update={"trip": trip})

    def _on_telemetry(self, received: Received) -> None:
        told = None if received.retained else decode(Telemetry, received.payload)
        if told is not None and told.sent_boot_s is not None and self.is_linked:
            dated = told.model_copy(update={"sent_boot_s": self._bounds.at_edge(told.sent_boot_s)})
            self._edge.publish(received.topic, dated, retain=True)

    def _on_health(self, received: Received) -> None:
        told = None if received.retained else decode(Health, received.payload)
        if told is None or not self.is_linked:
            return
        if told.sent_boot_s is not None:
            told = told.model_copy(update={"sent_boot_s": self._bounds.at_edge(told.sent_boot_s)})
        self._edge.publish(received.topic, told, retain=True)

    def _on_command(self, received: Received) -> None:
        command = None if received.retained else decode(LoadCommand, received.payload)
        if command is None or not self.is_linked:
            return
        expires_boot_s = self._bounds.here(command.expires_boot_s)
        dated = command.model_copy(update={"expires_boot_s": expires_boot_s})
        self._here.publish(received.topic, dated, expiry_s=expires_boot_s - self._clock.boot())

    def _on_request(self, received: Received) -> None:
        carried = None if received.retained else decode(Carried, received.payload)
        request = None if carried is None else decode_request(carried.datagram.encode())
        if request is None or not self.is_linked:
            return
        if isinstance(request, Renew):
            request = request.model_copy(update={"expires_boot_s": self._bounds.here(request.expires_boot_s)})
        self._to_guard(encode(request))

    def _on_pong(self, received: Received) -> None:
        pong = None if received.retained else decode(Pong, received.payload)
        if pong is not None:
            self._bounds.answered(pong.instance, pong.echo_boot_s, pong.edge_boot_s, self._clock.boot())
