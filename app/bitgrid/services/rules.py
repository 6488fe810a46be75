"""`rules`: state, block clock, decisions, ledger, overrides. The only process that grants and renews leases."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from bitgrid.bus import HealthStatus, Received
from bitgrid.control.account_notes import AccountNotes
from bitgrid.control.configuring import Configurer
from bitgrid.control.engine import Engine
from bitgrid.control.guard_channel import GuardChannel
from bitgrid.control.modes import Modes
from bitgrid.control.power_cut import PowerCut
from bitgrid.control.reload import Reloader
from bitgrid.control.requests import Requests
from bitgrid.control.research import Research
from bitgrid.control.store_losses import StoreLosses
from bitgrid.services import runtime, stores
from bitgrid.services.runtime import log
from bitgrid.store.ledger_opening import open_ledger

STEP_S = 0.5
"""Heat is answered with a stop in under a second, also when it is told right after a step."""


def main() -> None:
    """Wire bus, ledger, guard and engine, and run until told to end."""
    service = runtime.start("rules")
    bus = service.connect_bus()
    ledger = stores.opened(service, bus, partial(open_ledger, service.paths.data / "ledger", service.clock))
    channel = GuardChannel(service.paths.run)
    engine = Engine(service.config, ledger, bus, service.clock, channel)
    requests, modes = Requests(engine, bus), Modes(engine, bus)
    power_cut, losses, research = PowerCut(engine, bus), StoreLosses(engine), Research(engine, bus)
    reloader = Reloader(engine, bus, service.paths.config)
    configurer = Configurer(engine, bus, reloader, service.paths.config)
    topics = service.topics

    def hear(pattern: str, handler: Callable[[Received], None]) -> None:
        bus.subscribe(pattern, lambda received: service.inbox.put(partial(handler, received)))

    hear(topics.telemetry("+", "+"), engine.on_telemetry)
    hear(topics.health("loads"), engine.on_loads_health)
    hear(topics.health("recorder"), losses.on_health)
    hear(topics.health("feeds"), losses.on_health)
    hear(topics.override, requests.on_override)
    hear(topics.estop, requests.on_estop)
    hear(topics.ups, power_cut.on_report)
    hear(topics.autonomy, modes.on_autonomy)
    hear(topics.confirm, modes.on_confirm)
    hear(topics.reload, reloader.on_request)
    hear(topics.export, research.on_request)
    hear(topics.account, AccountNotes(engine, bus).on_note)
    hear(topics.configure, configurer.on_request)
    reports = service.start_thread(
        "guard-reports",
        lambda: channel.listen(
            service.stopping, lambda report: service.inbox.put(partial(engine.on_guard_report, report))
        ),
    )

    def step() -> runtime.StepHealth | None:
        reloader.step()
        try:
            engine.step()
            power_cut.step()
            research.step()
        finally:
            if ledger.is_damaged:
                log.critical("rules ends, for the ledger is damaged: the next start sets it aside")
                service.exit_code = os.EX_IOERR
                service.stop()
        if engine.problem:
            return runtime.StepHealth(HealthStatus.ERROR, engine.problem)
        warning = engine.warning or engine.after_loss.told or reloader.problem
        return runtime.StepHealth(HealthStatus.WARN, warning) if warning else None

    service.run_loop(bus, step, STEP_S)
    service.close_bus(bus)
    reports.join()
    channel.close()
    ledger.close()
    if service.exit_code:
        sys.exit(service.exit_code)


if __name__ == "__main__":
    main()
