"""The house as the decision on one load sees it: what is measured, what only the rules know, what is left over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.control.sharing import surplus_beside_w, surplus_left_w
from bitgrid.control.state_builder import AUTONOMY
from bitgrid.control.worth import seen_by
from bitgrid.kernel import OFF, EnergyState
from bitgrid.kernel.rules.r3_safety import LIMIT, LOADS_BEFORE, TRIP_HEAT, TRIP_OTHER

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.load import Load


class Standpoint:
    """Builds the states of an engine's loads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state_for(self, load: Load, *, of_window: bool = False) -> EnergyState:
        """The house now, or over the window that just ended, with what the rule daemon knows of this load."""
        engine = self._engine
        builder, context = engine.builder, self._context(load)
        state = builder.of_window(context, engine.rules.block_s) if of_window else builder.latest(context)
        state = replace(state, confirmation=load.confirmation(state.clock_epoch, state.block))
        return seen_by(state, load.profile.id)

    def of_house(self) -> dict[str, int]:
        """What is remembered of the house as a whole, as signals; 1 is yes."""
        house, is_first_run = self._engine.house, self._engine.config.flags.first_run
        rare = {"ups_on_battery": int(house.ups_on_battery), "first_run": int(is_first_run)}
        return {"emergency_stop": int(house.emergency_stop)} | {name: yes for name, yes in rare.items() if yes}

    def beside(self, state: EnergyState, load: Load) -> EnergyState:
        """The house between ticks: what the other loads run on is not this one's surplus."""
        engine = self._engine
        if len(engine.loads) == 1:
            return state
        left_w = surplus_beside_w(state, engine.rules, list(engine.loads.values()), load)
        return replace(state, surplus_left_w=left_w)

    def in_turn(self, state: EnergyState, load: Load, taken_w: int) -> EnergyState:
        """The house as it is left by the loads before this one, which draw ``taken_w``."""
        engine = self._engine
        if len(engine.loads) == 1:
            return state
        left_w = surplus_left_w(state, engine.rules, list(engine.loads.values()), load, taken_w)
        return replace(state, surplus_left_w=left_w)

    def before(self, load: Load) -> int:
        """What the loads before this one are decided to draw, W."""
        loads = list(self._engine.loads.values())
        return sum(other.profile.power_w(other.memory.level) for other in loads[: loads.index(load)])

    def _context(self, load: Load) -> dict[str, int]:
        """What only the rule daemon knows, as signals; 1 is yes."""
        engine, name = self._engine, load.profile.id
        standing, trip = engine.leases.of(name), engine.controllers.trip(name)
        context = {
            **self.of_house(),
            "controller_lost": int(self._is_controller_lost(load)),
            "clock_stepped": int(engine.clock_steps.is_resync()),
            AUTONOMY: engine.autonomy,
        }
        if LIMIT in engine.config.site.measured and next(iter(engine.loads.values())) is not load:
            context[LOADS_BEFORE] = self.before(load)  # theirs of the grid operator's limit
        if trip is not None:
            context[f"{name}.guard_trip"] = TRIP_HEAT if trip.cause == "heat" else TRIP_OTHER
        if standing is not None and standing.started_boot_s is not None:
            context[f"{name}.on_for_s"] = int(engine.clock.boot() - standing.started_boot_s)
        return context

    def _is_controller_lost(self, load: Load) -> bool:
        """Whether `loads` or `guard` is away, is another than the lease was given to, or does not hold it."""
        engine, name = self._engine, load.profile.id
        controllers, standing = engine.controllers, engine.leases.of(name)
        holders, guarded = controllers.instances(engine.clock.boot()), controllers.guarded(name)
        if holders is None or guarded is None:
            return True
        if standing is None:
            return load.memory.level != OFF or not guarded.confirmed_off
        is_held = controllers.has_lease(name, standing.lease_id, standing.began_boot_s)
        return standing.holders != holders or (guarded.trip is None and not is_held)
