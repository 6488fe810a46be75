"""`poller`: reads every meter, inverter and battery, a thread each, and publishes their signals."""

from __future__ import annotations

import random
from pathlib import Path

from bitgrid.bus import HealthStatus
from bitgrid.bus.client import MqttBus
from bitgrid.clock import SystemClock
from bitgrid.config.flags import is_first_run
from bitgrid.devices.discovery.scan import Ports, Scan
from bitgrid.devices.discovery.scanner import Scanner, ports_of
from bitgrid.devices.discovery.sockets import reach
from bitgrid.devices.discovery.targets import own_subnets
from bitgrid.devices.looking import Answer, Ask, Looks
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.registry import build_sources
from bitgrid.devices.stepper import Stepper
from bitgrid.ops.proposal import devices_of
from bitgrid.services import runtime

STEP_S = 1.0


ROUTES = Path("/proc/self/net/route")
"""Not below /proc itself, of which an appliance's unit shows processes alone (ProcSubset=pid)."""


def _asked(poller: DevicePoller, stepper: Stepper) -> Ask:
    def ask(answer: Answer) -> bool:
        taken = poller.ask(answer)
        stepper.wake()
        return taken

    return ask


def _scanner(service: runtime.Service, bus: MqttBus) -> Scanner:
    """What looks for devices: in the home's network, or, in a simulated house, at its own ports."""
    config, is_simulated = service.config, service.config.site.is_loopback_only
    ports = ports_of(config) if is_simulated else Ports()
    return Scanner(
        bus,
        service.topics,
        subnets=lambda: ["127.0.0.1"] if is_simulated else own_subnets(ROUTES.read_text(encoding="ascii")),
        run=lambda hosts: Scan(ports, reach(SystemClock())).run(hosts),
        entries=devices_of,
        is_open=lambda: is_first_run(config.flags, service.paths.config),
    )


def main() -> None:
    """Wire devices and bus, and run until told to end."""
    service = runtime.start("poller")
    bus = service.connect_bus()
    devices, chance = service.config.site.devices, random.Random()  # noqa: S311  it only spreads retries
    sources = build_sources(service.config, service.clock, listen=bus.subscribe)
    pollers: dict[str, DevicePoller] = {}
    for device in devices:
        pollers[device.id] = DevicePoller(device, sources[device.id], bus, service.topics, service.clock, chance)
    by_name = {name: Stepper(name, poller.step, service.clock) for name, poller in pollers.items()}
    steppers = list(by_name.values())
    for stepper in steppers:
        stepper.start()
    looks = Looks(bus, service.topics, {name: _asked(pollers[name], by_name[name]) for name in pollers})
    bus.subscribe(service.topics.look, looks.on_request)
    bus.subscribe(service.topics.scan, _scanner(service, bus).on_request)

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
