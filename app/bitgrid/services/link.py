"""`link`: the edge's end of a house on two hosts. To the rules it is the guard."""

from __future__ import annotations

from functools import partial

from bitgrid.bus import HealthStatus
from bitgrid.gateway.at_edge import EdgeEnd
from bitgrid.gateway.in_turn import InTurn
from bitgrid.guard.link import LocalSocket, allowed_user_ids
from bitgrid.services import runtime
from bitgrid.services.guard import PEERS_VARIABLE

STEP_S = 1.0
LISTEN_S = 0.2
SILENT_S = 15.0


def main() -> None:
    """Wire the socket of a guard and the broker, and run until told to end."""
    service = runtime.start("link")
    bus, believed = service.connect_bus(), allowed_user_ids(PEERS_VARIABLE)
    socket, rules = LocalSocket(service.paths.run / "guard.sock"), service.paths.run / "rules.sock"
    end = EdgeEnd(
        InTurn(bus, service.inbox.put), service.topics, service.clock, lambda said: socket.send(said, rules)
    )

    def listen() -> None:
        while not service.stopping.is_set():
            received = socket.receive(LISTEN_S)
            if received is not None and received[1] in believed:
                service.inbox.put(partial(end.on_datagram, received[0]))

    def step() -> runtime.StepHealth | None:
        silent_s = end.silent_s()
        if silent_s is not None and silent_s <= SILENT_S:
            return None
        since = "so far" if silent_s is None else f"for {silent_s:.0f} s"
        return runtime.StepHealth(HealthStatus.ERROR, f"the gateway has not been heard {since}; every load is off")

    listening = service.start_thread("from-rules", listen)
    service.run_loop(bus, step, STEP_S)
    listening.join()
    socket.close()
    service.close_bus(bus)


if __name__ == "__main__":
    main()
