"""`poller`: reads every meter, inverter and battery, a thread each, and publishes their signals."""

from __future__ import annotations

import random

from bitgrid.bus import HealthStatus
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.registry import build_sources
from bitgrid.devices.stepper import Stepper
from bitgrid.services import runtime

STEP_S = 1.0


def main() -> None:
    """Wire devices and bus, and run until told to end."""
    service = runtime.start("poller")
    bus = service.connect_bus()
    devices, chance = service.config.site.devices, random.Random()  # noqa: S311  it only spreads retries
    sources = build_sources(service.config, service.clock, listen=bus.subscribe)
    pollers: dict[str, DevicePoller] = {}
    for device in devices:
        pollers[device.id] = DevicePoller(device, sources[device.id], bus, service.topics, service.clock, chance)
    steppers = [Stepper(name, poller.step, service.clock) for name, poller in pollers.items()]
    for stepper in steppers:
        stepper.start()

    def step() -> runtime.StepHealth:
        faults = [stepper.fault for stepper in steppers if stepper.fault]
        problems = faults + [poller.problem for poller in pollers.values() if poller.problem]
        status = HealthStatus.ERROR if faults else HealthStatus.WARN if problems else HealthStatus.OK
        details = {name: poller.details() for name, poller in pollers.items()}
        return runtime.StepHealth(status, "; ".join(problems), details)

    service.run_loop(bus, step, STEP_S)
    for stepper in steppers:
        stepper.stop()
    service.close_bus(bus)


if __name__ == "__main__":
    main()
