"""`mirror`: copies to the repository that site.yaml names. Started only where it names one."""

from __future__ import annotations

import sys

from bitgrid.bus import HealthStatus
from bitgrid.config.secrets import place
from bitgrid.ops.mirror import state
from bitgrid.ops.mirror.mirroring import Mirroring
from bitgrid.ops.mirror.places import Places
from bitgrid.services import runtime

STEP_S = 5.0


def main() -> None:
    """Wire bus and mirror, and run until told to end; a copy in the making ends with it."""
    service = runtime.start("mirror")
    wanted = service.config.site.mirror
    if wanted is None:
        sys.exit("site.yaml has no section mirror, so there is nothing to do")
    mirroring = Mirroring(wanted, Places(service.paths.data, service.paths.log, place()), service.clock)
    bus = service.connect_bus()

    def step() -> runtime.StepHealth:
        mirroring.step()
        status = HealthStatus.WARN if mirroring.state.failures else HealthStatus.OK
        return runtime.StepHealth(status, state.told(mirroring.state))

    service.run_loop(bus, step, STEP_S)
    mirroring.stop()
    service.close_bus(bus)


if __name__ == "__main__":
    main()
