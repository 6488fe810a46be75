"""The explain process: says each decision in words, in both languages, as soon as it is made, and keeps them."""

from __future__ import annotations

from functools import partial

from bitgrid.bus import ExplainSession, HealthStatus
from bitgrid.explain.session import Narrator
from bitgrid.services.runtime import HEALTH_INTERVAL_S, StepHealth, start
from bitgrid.store.sessions import Session, SessionKeeper, SessionStore


def main() -> None:
    """Run until SIGTERM; what waits is written before that."""
    service = start("explain")
    bus = service.connect_bus()
    keeper = SessionKeeper(SessionStore(service.paths.data / "bitgrid.sqlite"), service.clock)

    def keep(told: ExplainSession) -> None:
        session = Session(told.decision_id, told.load, told.at_s, told.texts)
        service.inbox.put(partial(keeper.take, session))

    narrator = Narrator(service.config.site, bus, keep, clock=service.clock)

    def step() -> StepHealth | None:
        narrator.step()
        problem = keeper.step()
        return StepHealth(HealthStatus.WARN, problem) if problem else None

    service.run_loop(bus, step, HEALTH_INTERVAL_S)
    keeper.flush()
    service.close_bus(bus)


if __name__ == "__main__":
    main()
