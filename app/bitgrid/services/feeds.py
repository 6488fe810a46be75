"""`feeds`: the tariff and the PV forecast, on the bus."""

from __future__ import annotations

from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.services import runtime

STEP_S = 5.0


def main() -> None:
    """Wire bus and feeds, and run until told to end."""
    service = runtime.start("feeds")
    bus = service.connect_bus()
    service.run_loop(bus, FeedsPublisher(service.config, bus, service.clock).step, STEP_S)
    service.close_bus(bus)


if __name__ == "__main__":
    main()
