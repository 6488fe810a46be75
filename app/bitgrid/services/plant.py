"""The plant process: the simulated house of `make run`, on loopback sockets. Its devices speak to no service.

``BITGRID_DATA``, if set, names a CSV recording that drives PV and house load instead of the weather.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from bitgrid.config import ConfigError
from bitgrid.config.loading import load_plant
from bitgrid.plant.control import SOCKET_NAME
from bitgrid.plant.errors import PlantError
from bitgrid.plant.model import House
from bitgrid.plant.server import PlantServer
from bitgrid.plant.source import open_source
from bitgrid.services.runtime import EXIT_BAD_CONFIG, Service, start

STEP_S = 1.0

log = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM."""
    service = start("plant")
    try:
        server = build(service)
        server.start()
    except (ConfigError, PlantError) as error:
        log.error("the simulated house cannot start:\n%s", error)  # noqa: TRY400  the text is for the owner
        sys.exit(EXIT_BAD_CONFIG)
    log.info("the simulated house is up")
    while not service.clock.wait(service.stopping, STEP_S):
        server.step()
    server.stop()


def build(service: Service) -> PlantServer:
    """The house of this configuration, not yet listening."""
    site, plant = service.config.site, load_plant(service.paths.config)
    recording = os.environ.get("BITGRID_DATA")
    source = open_source(site, plant, Path(recording) if recording else None)
    house = House(site, plant, source, service.clock.now())
    return PlantServer(house, service.clock, service.paths.run / SOCKET_NAME, service.config.profiles)


if __name__ == "__main__":
    main()
