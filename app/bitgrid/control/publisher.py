"""What the rule daemon tells the house: the state it sees, each load, each decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bitgrid.bus import (
    Bus,
    DecisionEvent,
    EnergyStateMessage,
    EventMessage,
    Health,
    HealthStatus,
    LedgerHead,
    LoadState,
    Quality,
    SignalView,
)
from bitgrid.kernel import OFF, EnergyState, LoadMemory, surplus_w, to_people
from bitgrid.kernel.counterfactual import counterfactuals
from bitgrid.kernel.record import state_record
from bitgrid.kernel.rules.r5_stability import hold

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.journal import Decided
    from bitgrid.control.load import Load
    from bitgrid.store import Head

EventKind = Literal["safety", "health", "audit"]


class Publisher:
    """Publishes on behalf of an engine."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine, self._bus = engine, bus
        self._since_s: dict[str, float] = {}

    def event(self, kind: EventKind, record: dict[str, Any], at_s: int) -> None:
        """Something that happened."""
        message = EventMessage(kind=kind, at_s=at_s, record=record)
        self._bus.publish(self._engine.topics.event(kind), message)

    def decision(self, decided: Decided, head: Head) -> None:
        """A decision, its state, what would have to change, where the ledger ends with it; and the house now."""
        answers = [answer.record() for answer in counterfactuals(decided.decision)]
        state = state_record(decided.decision.state)
        record = {**decided.record, "state": state, "counterfactuals": answers}
        if record["action"] != "HOLD":
            self._since_s[record["load"]] = record["at_s"]
        event = DecisionEvent(
            id=decided.row.id, load=record["load"], record=record, head=LedgerHead(seq=head.seq, hash=head.hash)
        )
        self._bus.publish(self._engine.topics.decision, event, retain=True)
        self.house()

    def house(self) -> None:
        """The energy state and every load."""
        engine = self._engine
        state = engine.builder.latest(engine.standpoint.of_house())
        signals = {
            name: SignalView(
                value=None if signal.value is None else float(to_people(name, signal.value)),
                quality=Quality(signal.quality.value),
                age_s=signal.age_s,
                source=signal.source,
            )
            for name, signal in state.signals.items()
        }
        signals |= engine.builder.forecasts()
        message = EnergyStateMessage(
            at_s=engine.clock.now(),
            block=state.block,
            block_ends_s=engine.blocks.ends_s(),
            signals=signals,
            degraded=list(state.degraded),
            surplus_w=None if state.degraded else surplus_w(state, engine.rules.battery_claim_w),
            config_hash=state.config_hash,
            autonomy=engine.autonomy,
        )
        self._bus.publish(engine.topics.energy, message, retain=True)
        self._guard()
        for load in engine.loads.values():
            self._bus.publish(
                engine.topics.load_state(load.profile.id), self._load_state(load, state), retain=True
            )

    def _guard(self) -> None:
        """The guard's health, on its behalf: it does not speak on the bus itself."""
        engine = self._engine
        instance = engine.controllers.guard_instance(engine.clock.boot())
        trips = [name for name in engine.loads if engine.controllers.trip(name) is not None]
        if instance is None:
            status, reason = HealthStatus.ERROR, "the guard is not heard; no load can start"
        elif trips:
            status, reason = HealthStatus.WARN, f"stopped {', '.join(trips)} by itself"
        else:
            status, reason = HealthStatus.OK, ""
        health = Health(status=status, reason=reason, instance=instance or "", at_s=engine.clock.now())
        self._bus.publish(engine.topics.health("guard"), health, retain=True)

    def _load_state(self, load: Load, state: EnergyState) -> LoadState:
        engine, memory, name = self._engine, load.memory, load.profile.id
        held, override = hold(state, memory, engine.rules), memory.override_at(state.at_s)
        guarded = engine.controllers.guarded(name)
        trip = engine.controllers.trip(name)
        is_locked = memory.lockout_until_s is not None and memory.lockout_until_s > state.at_s
        return LoadState(
            load=name,
            at_s=engine.clock.now(),
            level=memory.level,
            power_w=load.profile.power_w(memory.level),
            since_s=self._since_s.get(name, _since_s(memory, engine.rules.block_s)),
            lease_left_s=engine.leases.left_s(name),
            hold_until_s=None if held is None else (state.block + held[2] - held[1]) * engine.rules.block_s,
            lockout_until_s=memory.lockout_until_s if is_locked else None,
            override=None
            if override is None
            else {"vote": override.vote.value, "level": override.level, "ends_at_s": override.ends_at_s},
            confirmed_off=bool(memory.level == OFF and guarded is not None and guarded.confirmed_off),
            measured_power_w=state.good(f"{name}.power_w"),
            trip=None if trip is None else trip.cause,
        )


def _since_s(memory: LoadMemory, block_s: int) -> float | None:
    """When the load was switched last, to the block: what is left of it after a restart."""
    return None if memory.last_change_block is None else float(memory.last_change_block * block_s)
