"""The engine: blocks are decided, decisions recorded, leases renewed. Stepped by its process, time handed in.

The order is the safety of it: a start or a renewal needs its record to be durable first; a stop is sent first and
recorded after. Everything here runs on one thread.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bitgrid.bus import Bus, Health, Received, Telemetry, Topics, decode
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.control.blocks import BlockClock
from bitgrid.control.clock_steps import moved
from bitgrid.control.controllers import Controllers, Instances
from bitgrid.control.days import LocalDays
from bitgrid.control.emergency import EmergencyStop
from bitgrid.control.grid_limit import GridLimit
from bitgrid.control.journal import Decided, Journal
from bitgrid.control.leases import Leases
from bitgrid.control.load import Load
from bitgrid.control.publisher import EventKind, Publisher
from bitgrid.control.rule_set import load_profile, rule_set
from bitgrid.control.sharing import surplus_beside_w, surplus_left_w
from bitgrid.control.signals import SignalBook
from bitgrid.control.signs import contradiction
from bitgrid.control.state_builder import AUTONOMY, StateBuilder
from bitgrid.control.trips import Trips
from bitgrid.control.worth import seen_by
from bitgrid.guard.link import ClearTrip, GuardReport, Release, Renew
from bitgrid.kernel import (
    OFF,
    Action,
    Decision,
    EnergyState,
    LoadMemory,
    Quality,
    Signal,
    Trigger,
    advance,
    decide,
    may_renew,
)
from bitgrid.kernel.rules.r3_safety import LIMIT, LOADS_BEFORE, TRIP_HEAT, TRIP_OTHER
from bitgrid.store import Ledger, StoreError

log = logging.getLogger(__name__)

SETTLE_S = 30.0
PUBLISH_EVERY_S = 5.0
EVALUATION_BUDGET_MACHINE_S = 1.0


class GuardPort(Protocol):
    """The way to the guard; what cannot be sent is lost, and the guard acts on silence."""

    def send(self, request: Renew | Release | ClearTrip) -> None:
        """Send a request."""


class Engine:
    """The rule daemon, but for its process: see the module."""

    def __init__(self, config: Config, ledger: Ledger, bus: Bus, clock: Clock, guard: GuardPort) -> None:
        self.config, self.clock = config, clock
        self.topics = Topics(config.site.site)
        self.rules = rule_set(config)
        self.publisher = Publisher(self, bus)
        self.journal = Journal(ledger, self.publisher.decision)
        self.house = self.journal.house_memory()
        self.blocks = BlockClock(
            clock, config.rules.block_s, config.rules.clock.max_step_s, self.house.clock_epoch
        )
        self.book = SignalBook(window_s=config.rules.block_s, gap_s=config.rules.r3.comm_timeout_s)
        zone = ZoneInfo(config.site.location.timezone)
        self.days = LocalDays(zone, self.house.day, self.house.day_ends_s)
        self.builder = StateBuilder(config, self.book, self.blocks, self.days)
        self._heard = self.builder.heard()
        self.controllers = Controllers()
        self.leases = Leases(bus, self.topics, clock, guard.send)
        self.guard = guard
        self.trips, self.emergency, self._grid_limit = Trips(self), EmergencyStop(self), GridLimit(self)
        by_priority = sorted(config.site.loads, key=lambda load: load.priority)
        self.loads = {load.id: Load(load_profile(load), self.journal.load_memory(load.id)) for load in by_priority}
        self.problem = self.warning = ""
        self._owes_memory = False
        self._started_boot_s = clock.boot()
        self._settled = False
        self._ticked: tuple[int, int] | None = None
        self._clock_stepped = self._stepped_while_away()
        self._next_publish_boot_s = 0.0
        self._archived = False

    def on_telemetry(self, received: Received) -> None:
        """A measured value. What the broker had kept is ignored: nobody knows how old it is."""
        names, told = self.topics.parse_telemetry(received.topic), decode(Telemetry, received.payload)
        if names in self._heard and names is not None and told is not None and not received.retained:
            self.book.take(*names, told, self.clock.boot())

    def on_loads_health(self, received: Received) -> None:
        """A heartbeat of `loads`."""
        health = decode(Health, received.payload)
        if health is not None and not received.retained:
            self.controllers.heard_loads(health, self.clock.boot())

    def on_guard_report(self, report: GuardReport) -> None:
        """A heartbeat of `guard`."""
        self.controllers.heard_guard(report, self.clock.boot())

    def step(self) -> None:
        """One turn: the clock, emergency, trips, ends of overrides, protection, the tick, renewals, telling."""
        step_s = self.blocks.stepped_s()
        if step_s is not None:
            self._on_clock_step(step_s)
        self.emergency.step()
        if not self._settled and not self._settle():
            self._publish()
            return
        self.trips.step()
        self._grid_limit.step()
        for load in self.loads.values():
            self._end_override(load)
            self.protect(load)
        if (self.blocks.epoch, self.blocks.block()) != self._ticked:
            self._tick()
        for load in self.loads.values():
            self._renew(load)
        self._publish()

    def state_for(self, load: Load, *, of_window: bool = False) -> EnergyState:
        """The house as the decision on a load sees it."""
        context = self._context(load)
        builder = self.builder
        state = builder.of_window(context, self.rules.block_s) if of_window else builder.latest(context)
        state = replace(state, confirmation=load.confirmation(state.clock_epoch, state.block))
        return seen_by(state, load.profile.id)

    def judge(self, load: Load, memory: LoadMemory, trigger: Trigger) -> Decision:
        """A decision between ticks; what the other loads run on is not this one's surplus."""
        return decide(self._beside(self.state_for(load), load), memory, self.rules, load.profile, trigger)

    def judge_confirmed(self, load: Load) -> Decision:
        """What waits for a person's yes, decided as a tick does: after the loads before it, as they now are."""
        taken_w = 0
        for other in self.loads.values():
            if other is load:
                break
            taken_w += other.profile.power_w(other.memory.level)
        state = self._in_turn(self.state_for(load, of_window=True), load, taken_w)
        return decide(state, load.memory, self.rules, load.profile, Trigger.USER)

    @property
    def autonomy(self) -> int:
        """How much the rules may do by themselves, 0–3."""
        chosen = self.house.autonomy
        return self.config.policies.autonomy if chosen is None else chosen

    @property
    def owes_records(self) -> bool:
        """Whether something decided or remembered is not durable yet."""
        return self._owes_memory

    def adopt(self, config: Config) -> None:
        """Go on by another configuration of the same site; live from now on, archived with the next tick."""
        self.config, self.rules = config, rule_set(config)
        self.builder = StateBuilder(config, self.book, self.blocks, self.days)
        self._heard = self.builder.heard()
        self._archived = False

    def tell_event(self, kind: EventKind, record: dict[str, Any]) -> bool:
        """Make an event durable and say it on the bus; whether it is durable."""
        at_s = self.blocks.now_s()
        self.publisher.event(kind, record, at_s)
        try:
            self.journal.event(kind, record, at_s)
        except StoreError as error:
            self.problem = str(error)
            return False
        return True

    def lock_out(self, load: Load) -> None:
        """Nothing starts it for the safety lockout's time from now; `remember` makes that durable."""
        until_s = self.blocks.now_s() + self.rules.safety_lockout_s
        load.memory = replace(load.memory, lockout_until_s=until_s)

    def remember(self) -> str:
        """Make all that is remembered durable; what is wrong, or nothing. What cannot be now is tried again."""
        memories = {name: load.memory for name, load in self.loads.items()}
        try:
            self.journal.save(self.house, memories, self.blocks.now_s())
        except StoreError as error:
            self.problem, self._owes_memory = str(error), True
            return self.problem
        self.problem, self._owes_memory = "", False
        return ""

    def protect(self, load: Load) -> None:
        """Between ticks only protection and the user's word switch; what changes nothing is not recorded."""
        if load.memory.level == OFF:
            return
        decision = decide(self.state_for(load), load.memory, self.rules, load.profile, Trigger.PROTECT)
        if decision.action is not Action.HOLD:
            self.apply(decision)

    def apply(self, decision: Decision) -> Decided | None:
        """Carry out a decision; None: it is not durable. What is not durable starts and renews nothing."""
        load, decided = self.loads[decision.load.id], self.journal.decided(decision)
        if decision.action is Action.STOP:
            self.leases.release(load.profile.id, decided.row.id, decision.code.value)
            load.memory = advance(decision)
        try:
            head = self.journal.append(decided)
        except StoreError as error:
            if str(error) != self.problem:  # said once, not every second
                log.exception("decision %s is not durable", decided.row.id)
            self.problem = str(error)
            if decision.action is Action.STOP:
                self.journal.owe(decided)
                self._owes_memory = True
            return None
        self.problem, load.memory = "", advance(decision)
        holders = self.controllers.instances(self.clock.boot())
        if decision.action is Action.START and holders is not None:
            self.leases.grant(decision, decided.row.id, holders)
        elif decision.level != OFF:
            self.leases.stand(decision, decided.row.id)
        self.publisher.decision(decided, head)
        return decided

    def _context(self, load: Load) -> dict[str, int]:
        """What only the rule daemon knows, as signals; 1 is yes."""
        name = load.profile.id
        standing, trip = self.leases.of(name), self.controllers.trip(name)
        context = {
            **self.of_house(),
            "controller_lost": int(self._is_controller_lost(load)),
            "clock_stepped": int(self._is_resync()),
            AUTONOMY: self.autonomy,
        }
        if LIMIT in self.config.site.measured:
            context |= self._drawn_before(load)
        if trip is not None:
            context[f"{name}.guard_trip"] = TRIP_HEAT if trip.cause == "heat" else TRIP_OTHER
        if standing is not None and standing.started_boot_s is not None:
            context[f"{name}.on_for_s"] = int(self.clock.boot() - standing.started_boot_s)
        return context

    def of_house(self) -> dict[str, int]:
        """What is remembered of the house as a whole, as signals; 1 is yes."""
        told = {"emergency_stop": int(self.house.emergency_stop)}
        return {**told, "ups_on_battery": 1} if self.house.ups_on_battery else told

    def _drawn_before(self, load: Load) -> dict[str, int]:
        """What the loads before this one are decided to draw: it is theirs of the grid operator's limit."""
        loads = list(self.loads.values())
        before = loads[: loads.index(load)]
        return {LOADS_BEFORE: sum(other.profile.power_w(other.memory.level) for other in before)} if before else {}

    def _is_controller_lost(self, load: Load) -> bool:
        """Whether `loads` or `guard` is away, is another than the lease was given to, or does not hold it."""
        name, standing = load.profile.id, self.leases.of(load.profile.id)
        holders, guarded = self.controllers.instances(self.clock.boot()), self.controllers.guarded(name)
        if holders is None or guarded is None:
            return True
        if standing is None:
            return load.memory.level != OFF or not guarded.confirmed_off
        is_held = self.controllers.has_lease(name, standing.lease_id, standing.began_boot_s)
        return standing.holders != holders or (guarded.trip is None and not is_held)

    def _beside(self, state: EnergyState, load: Load) -> EnergyState:
        if len(self.loads) == 1:
            return state
        left_w = surplus_beside_w(state, self.rules, list(self.loads.values()), load)
        return replace(state, surplus_left_w=left_w)

    def _in_turn(self, state: EnergyState, load: Load, taken_w: int) -> EnergyState:
        """The house as it is left by the loads before this one, which draw ``taken_w``."""
        if len(self.loads) == 1:
            return state
        left_w = surplus_left_w(state, self.rules, list(self.loads.values()), load, taken_w)
        return replace(state, surplus_left_w=left_w)

    def _settle(self) -> bool:
        """Wait a little for fresh inputs and both controllers, then judge what an earlier process left running."""
        holders = self.controllers.instances(self.clock.boot())
        waited_s = self.clock.boot() - self._started_boot_s
        if (holders is None or not self._inputs_are_fresh()) and waited_s < SETTLE_S:
            return False
        self._settled = True
        for load in self.loads.values():
            if load.memory.level != OFF:
                self._resync(load, holders)
        return True

    def _inputs_are_fresh(self) -> bool:
        """Whether everything required is good, the temperature of what may be running included."""
        state = self.builder.latest({})
        temps = [f"{name}.temp_c" for name, load in self.loads.items() if load.memory.level != OFF]
        return not state.degraded and all(state.good(temp) is not None for temp in temps if temp in state.signals)

    def _resync(self, load: Load, holders: Instances | None) -> None:
        """Take over a running load within its lease, by a full decision on fresh inputs; or stop it."""
        name = load.profile.id
        guarded = self.controllers.guarded(name)
        lease_id = guarded.lease_id if guarded is not None and guarded.lease_left_s > 0 else None
        is_leased = lease_id is not None and self.controllers.loads_holds(name, lease_id)
        state = self._beside(self.state_for(load), load)
        if is_leased and holders is not None and load.knows(load.memory.level):
            signals = {name: signal for name, signal in state.signals.items() if name != "controller_lost"}
            state = replace(state, signals=signals)
        decision = decide(state, load.memory, self.rules, load.profile, Trigger.RESYNC)
        decided = self.apply(decision)
        if decided is not None and may_renew(state, decision) and lease_id and holders:
            self.leases.take_over(decision, decided.row.id, lease_id, holders)

    def _end_override(self, load: Load) -> None:
        override = load.memory.override
        if override is not None and override.ends_at_s <= self.blocks.now_s():
            self.apply(self.judge(load, load.memory, Trigger.EXPIRY))

    def _tick(self) -> None:
        """Decide the block that has begun, each load once, in order of priority."""
        key = self.blocks.epoch, self.blocks.block()
        self._note_gap(key)
        self.warning, taken_w, is_durable = "", 0, True
        for name, load in self.loads.items():
            if self.journal.has_tick(name, *key):
                taken_w += load.profile.power_w(load.memory.level)
                continue
            began_boot_s = self.clock.boot()
            state = self._in_turn(self.state_for(load, of_window=True), load, taken_w)
            decision = self._in_time(state, load, began_boot_s)
            self.warning = self.warning or contradiction(self.config.site, state, self.rules.balance_tolerance_w)
            is_durable = self.apply(decision) is not None and is_durable
            taken_w += decision.power_w
        if is_durable:
            self._ticked, self._clock_stepped = key, False
            self._archive_configuration()

    def _in_time(self, state: EnergyState, load: Load, began_boot_s: float) -> Decision:
        """The tick's decision; one that took too long is not believed: what runs stops, nothing starts."""
        decision = decide(state, load.memory, self.rules, load.profile, Trigger.TICK)
        took_s = (self.clock.boot() - began_boot_s) / self.clock.speed
        if took_s <= EVALUATION_BUDGET_MACHINE_S:
            return decision
        self.warning = f"the last decision took {took_s:.1f} s and was not believed; nothing runs in this block"
        self.tell_event("health", {"what": "evaluation_overrun", "took_s": round(took_s, 3)})
        overrun = {**state.signals, "evaluation_overrun": Signal(1, 0, Quality.GOOD, "rules")}
        return decide(replace(state, signals=overrun), load.memory, self.rules, load.profile, Trigger.TICK)

    def _note_gap(self, key: tuple[int, int]) -> None:
        """Blocks that were slept through are recorded as a gap; they are not decided any more."""
        before = self._ticked
        if before is not None and before[0] == key[0] and key[1] - before[1] > 1:
            self.tell_event("health", {"what": "gap", "from_block": before[1] + 1, "to_block": key[1] - 1})

    def _renew(self, load: Load) -> None:
        """Renew a lease that is due, if the decision stands and the house is as it must be."""
        name = load.profile.id
        standing = self.leases.of(name)
        if standing is None or not self.leases.is_due(name):
            return
        is_of_this_time = standing.decision.state.clock_epoch == self.blocks.epoch
        is_held = standing.holders == self.controllers.instances(self.clock.boot())
        if is_of_this_time and is_held and may_renew(self.state_for(load), standing.decision):
            self.leases.renew(name)

    def _archive_configuration(self) -> None:
        if self._archived:
            return
        try:
            self.journal.configuration(self.config, self.blocks.now_s())
            self._archived = True
        except StoreError as error:
            self.problem = str(error)

    def _is_resync(self) -> bool:
        """Whether nothing may start as the clock stepped: until a block is decided after it, and to its end."""
        began_block = self.house.epoch_began_s // self.rules.block_s
        return self._clock_stepped or self.blocks.block() <= began_block

    def _stepped_while_away(self) -> bool:
        """Whether the wall clock stands before what is recorded already: then a new clock epoch begins."""
        step_s = self.blocks.now_s() - self.journal.last_at_s(self.house)
        if step_s >= -self.config.rules.clock.max_step_s:
            return False
        self._new_epoch(self.blocks.epoch + 1, step_s)
        return True

    def _on_clock_step(self, step_s: float) -> None:
        self._clock_stepped = True
        self._new_epoch(self.blocks.epoch, round(step_s))
        self.tell_event(
            "health", {"what": "clock_step", "step_s": round(step_s), "clock_epoch": self.blocks.epoch}
        )

    def _new_epoch(self, epoch: int, step_s: int) -> None:
        """Go on by the clock as it now is; what is remembered by the old one is carried over."""
        self.blocks.epoch, now_s = epoch, self.blocks.now_s()
        self.days.step(now_s, step_s)
        self.house = replace(
            self.house, clock_epoch=epoch, epoch_began_s=now_s, day=self.days.name, day_ends_s=self.days.ends_s
        )
        blocks = now_s // self.rules.block_s - (now_s - step_s) // self.rules.block_s
        for load in self.loads.values():
            load.memory = moved(load.memory, step_s, blocks)
        self.remember()

    def _publish(self) -> None:
        if self.clock.boot() >= self._next_publish_boot_s:
            self._next_publish_boot_s = self.clock.boot() + PUBLISH_EVERY_S
            if self._owes_memory:
                self.remember()
            self.publisher.house()
