"""The explain process: says each decision in words, in both languages, as soon as it is made."""

from __future__ import annotations

from bitgrid.explain.session import Narrator
from bitgrid.services.runtime import HEALTH_INTERVAL_S, start


def main() -> None:
    """Run until SIGTERM."""
    service = start("explain")
    bus = service.connect_bus()
    narrator = Narrator(service.config.site, bus, clock=service.clock)
    service.run_loop(bus, narrator.step, HEALTH_INTERVAL_S)
    service.close_bus(bus)


if __name__ == "__main__":
    main()
