"""`loads`: drives every load, two threads each: measurements out, commands and leases in."""

from __future__ import annotations

import logging
import sys

from bitgrid.bus import HealthStatus, Received
from bitgrid.clock import Clock
from bitgrid.devices.load_agent import LoadAgent
from bitgrid.devices.looking import LoadLook, Looks
from bitgrid.devices.registry import build_miner, build_relay
from bitgrid.devices.stepper import Stepper
from bitgrid.services import runtime

STEP_S = 1.0
END_MACHINE_S = 8.0

log = logging.getLogger(__name__)


class _Driven:
    """A load's agent and the two threads that step it."""

    def __init__(self, name: str, agent: LoadAgent, clock: Clock) -> None:
        self.agent = agent
        self.steppers = [
            Stepper(f"{name} (miner)", agent.step_miner, clock, finish=agent.close),
            Stepper(f"{name} (relay)", agent.step_relay, clock),
        ]

    def on_command(self, received: Received) -> None:
        """Hear it, and act on it now."""
        self.agent.on_command(received)
        for stepper in self.steppers:
            stepper.wake()


def main() -> None:
    """Wire loads and bus, and run until told to end.

    An agent that fails or hangs ends the process: it is started anew, and a start stops every load first.
    """
    service = runtime.start("loads")
    clock, bus = service.clock, service.connect_bus()
    driven: dict[str, _Driven] = {}
    for load in service.config.site.loads:
        miner, relay = build_miner(load, clock), build_relay(load, clock)
        agent = LoadAgent(load, miner, relay, bus, service.topics, clock)
        driven[load.id] = _Driven(load.id, agent, clock)
        bus.subscribe(service.topics.command(load.id), driven[load.id].on_command)
    looks = Looks(bus, service.topics, {load.id: LoadLook(load, clock).ask for load in service.config.site.loads})
    bus.subscribe(service.topics.look, looks.on_request)
    steppers = [stepper for each in driven.values() for stepper in each.steppers]
    for stepper in steppers:
        stepper.start()

    def faults() -> list[str]:
        return [stepper.fault for stepper in steppers if stepper.fault]

    def step() -> runtime.StepHealth:
        if faults():
            service.stop()
            return runtime.StepHealth(HealthStatus.ERROR, "; ".join(faults()))
        problems = [each.agent.problem for each in driven.values() if each.agent.problem]
        details = {name: each.agent.details() for name, each in driven.items()}
        return runtime.StepHealth(HealthStatus.WARN if problems else HealthStatus.OK, "; ".join(problems), details)

    service.run_loop(bus, step, STEP_S)
    ended_by = faults()
    for stepper in steppers:
        stepper.stop()
    for stepper in steppers:
        stepper.join(END_MACHINE_S)
    service.close_bus(bus)
    if ended_by:
        log.error("ends, to be started anew: %s", "; ".join(ended_by))
        sys.exit(1)


if __name__ == "__main__":
    main()
