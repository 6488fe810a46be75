"""A rule daemon that begins: it waits for fresh inputs, then judges what an earlier process left running."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.kernel import OFF, Trigger, decide, may_renew

if TYPE_CHECKING:
    from bitgrid.control.controllers import Instances
    from bitgrid.control.engine import Engine
    from bitgrid.control.load import Load

SETTLE_S = 30.0


class Takeover:
    """Happens once in an engine's life."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._began_boot_s = engine.clock.boot()
        self._is_over = False

    def step(self) -> bool:
        """Whether all is settled; the first time it is, each running load is taken over or stopped."""
        if self._is_over:
            return True
        engine = self._engine
        holders = engine.controllers.instances(engine.clock.boot())
        waited_s = engine.clock.boot() - self._began_boot_s
        if (holders is None or not self._inputs_are_fresh()) and waited_s < SETTLE_S:
            return False
        self._is_over = True
        for load in engine.loads.values():
            if load.memory.level != OFF:
                self._resync(load, holders)
        return True

    def _inputs_are_fresh(self) -> bool:
        """Whether everything required is good, the temperature of what may be running included."""
        engine = self._engine
        state = engine.builder.latest({})
        temps = [f"{name}.temp_c" for name, load in engine.loads.items() if load.memory.level != OFF]
        return not state.degraded and all(state.good(temp) is not None for temp in temps if temp in state.signals)

    def _resync(self, load: Load, holders: Instances | None) -> None:
        """Take over a running load within its lease, by a full decision on fresh inputs; or stop it."""
        engine, name = self._engine, load.profile.id
        guarded = engine.controllers.guarded(name)
        lease_id = guarded.lease_id if guarded is not None and guarded.lease_left_s > 0 else None
        is_leased = lease_id is not None and engine.controllers.loads_holds(name, lease_id)
        state = engine.standpoint.beside(engine.standpoint.state_for(load), load)
        if is_leased and holders is not None and load.knows(load.memory.level):
            signals = {name: signal for name, signal in state.signals.items() if name != "controller_lost"}
            state = replace(state, signals=signals)
        decision = decide(state, load.memory, engine.rules, load.profile, Trigger.RESYNC)
        decided = engine.apply(decision)
        if decided is not None and may_renew(state, decision) and lease_id and holders:
            engine.leases.take_over(decision, decided.row.id, lease_id, holders)
