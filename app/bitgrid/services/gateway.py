"""`gateway`: the far end of a house on two hosts, near its devices. To the guard it is the rules."""

from __future__ import annotations

import sys
from functools import partial

from bitgrid.bus import Bus, Health, HealthStatus
from bitgrid.bus.access import Access
from bitgrid.bus.client import MqttBus
from bitgrid.config.network import Gateway
from bitgrid.config.secrets import place
from bitgrid.gateway.at_gateway import GatewayEnd
from bitgrid.gateway.in_turn import InTurn
from bitgrid.guard.link import LocalSocket, allowed_user_ids
from bitgrid.services import runtime

STEP_S = 0.5
LISTEN_S = 0.2
PEERS_VARIABLE = "BITGRID_RULES_PEERS"


def main() -> None:
    """Wire both brokers and the socket of the rules, and run until told to end."""
    service = runtime.start("gateway")
    told = service.config.site.gateway
    if told is None:
        sys.exit("site.yaml has no section gateway, so there is nothing to do")
    here, edge, believed = service.connect_bus(), _edge(service, told), allowed_user_ids(PEERS_VARIABLE)
    socket, guard = LocalSocket(service.paths.run / "rules.sock"), service.paths.run / "guard.sock"

    def in_turn(bus: Bus) -> Bus:
        return InTurn(bus, service.inbox.put)

    site, clock = service.config.site, service.clock
    end = GatewayEnd(site, in_turn(here), in_turn(edge), clock, lambda said: socket.send(said, guard))
    edge.start()

    def listen() -> None:
        while not service.stopping.is_set():
            received = socket.receive(LISTEN_S)
            if received is not None and received[1] in believed:
                service.inbox.put(partial(end.on_datagram, received[0]))

    def step() -> runtime.StepHealth | None:
        end.step()
        if end.is_linked:
            return None
        return runtime.StepHealth(HealthStatus.ERROR, "no word from the edge, so nothing is passed on")

    listening = service.start_thread("from-guard", listen)
    service.run_loop(edge, step, STEP_S)
    listening.join()
    socket.close()
    service.close_bus(edge)
    here.stop()


def _edge(service: runtime.Service, told: Gateway) -> MqttBus:
    """The edge's broker, by TLS and with this host's own certificate. Ends the process where it cannot be used."""
    own = place()
    access = Access(ca_file=own / "gateway-ca.crt", certificate=(own / "gateway.crt", own / "gateway.key"))
    will = Health(status=HealthStatus.ERROR, reason="connection lost", instance=service.instance)
    topic = service.topics.health(service.component)
    try:
        return MqttBus(
            service.component,
            told.edge,
            told.port,
            will_topic=topic,
            will=will,
            speed=service.clock.speed,
            access=access,
        )
    except OSError as error:
        runtime.log.error("the certificate in %s cannot be used, so nothing was started: %s", own, error)
        sys.exit(runtime.EXIT_BAD_CONFIG)


if __name__ == "__main__":
    main()
