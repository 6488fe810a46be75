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
from bitgrid.control.after_loss import AfterLoss, house_after_loss
from bitgrid.control.blocks import BlockClock
from bitgrid.control.clock_steps import ClockSteps
from bitgrid.control.controllers import Controllers
from bitgrid.control.days import LocalDays
from bitgrid.control.emergency import EmergencyStop
from bitgrid.control.grid_limit import GridLimit
from bitgrid.control.journal import Decided, Journal
from bitgrid.control.leases import Leases
from bitgrid.control.load import Load
from bitgrid.control.publisher import EventKind, Publisher
from bitgrid.control.rule_set import load_profile, rule_set
from bitgrid.control.signals import SignalBook
from bitgrid.control.signs import contradiction
from bitgrid.control.standpoint import Standpoint
from bitgrid.control.state_builder import StateBuilder
from bitgrid.control.takeover import Takeover
from bitgrid.control.trips import Trips
from bitgrid.guard.link import GuardReport, Request
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
from bitgrid.store import Ledger, StoreError

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 5.0
EVALUATION_BUDGET_MACHINE_S = 1.0


class GuardPort(Protocol):
    """The way to the guard; what cannot be sent is lost, and the guard acts on silence."""

    def send(self, request: Request) -> None:
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
        if self.journal.loss is not None:
            self.house = house_after_loss(self.house, config.policies.autonomy)
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
        self.after_loss = AfterLoss(self)
        self._owes_memory = False
        self._ticked: tuple[int, int] | None = None
        self.standpoint, self._takeover = Standpoint(self), Takeover(self)
        self.clock_steps = ClockSteps(self)
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
        self.clock_steps.step()
        self.after_loss.step()
        self.emergency.step()
        if not self._takeover.step():
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

    def judge(self, load: Load, memory: LoadMemory, trigger: Trigger) -> Decision:
        """A decision between ticks; what the other loads run on is not this one's surplus."""
        state = self.standpoint.beside(self.standpoint.state_for(load), load)
        return decide(state, memory, self.rules, load.profile, trigger)

    def judge_confirmed(self, load: Load) -> Decision:
        """What waits for a person's yes, decided as a tick does: after the loads before it, as they now are."""
        state = self.standpoint.state_for(load, of_window=True)
        state = self.standpoint.in_turn(state, load, self.standpoint.before(load))
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
        decision = decide(self.standpoint.state_for(load), load.memory, self.rules, load.profile, Trigger.PROTECT)
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

    def _end_override(self, load: Load) -> None:
        override = load.memory.override
        if override is not None and override.ends_at_s <= self.blocks.now_s():
            self.apply(self.judge(load, load.memory, Trigger.EXPIRY))

    def _tick(self) -> None:
        """Decide the block that has begun, each load once, in order of priority."""
        key = self.blocks.epoch, self.blocks.block()
        self.warning, taken_w, is_durable = "", 0, True
        for name, load in self.loads.items():
            if self.journal.has_tick(name, *key):
                taken_w += load.profile.power_w(load.memory.level)
                continue
            began_boot_s = self.clock.boot()
            state = self.standpoint.in_turn(self.standpoint.state_for(load, of_window=True), load, taken_w)
            decision = self._in_time(state, load, began_boot_s)
            self.warning = self.warning or contradiction(self.config.site, state, self.rules.balance_tolerance_w)
            is_durable = self.apply(decision) is not None and is_durable
            taken_w += decision.power_w
        if is_durable:  # else a full disk would be told of a gap twice a second
            self._note_gap(key)
            self._ticked = key
            self.clock_steps.decided()
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
        if is_of_this_time and is_held and may_renew(self.standpoint.state_for(load), standing.decision):
            self.leases.renew(name)

    def _archive_configuration(self) -> None:
        if self._archived:
            return
        try:
            self.journal.configuration(self.config, self.blocks.now_s())
            self._archived = True
        except StoreError as error:
            self.problem = str(error)

    def _publish(self) -> None:
        if self.clock.boot() >= self._next_publish_boot_s:
            self._next_publish_boot_s = self.clock.boot() + PUBLISH_EVERY_S
            if self._owes_memory:
                self.remember()
            self.publisher.house()
            self._foresee()

    def _foresee(self) -> None:
        """Between blocks a newer forecast changes what is previewed, and nothing that runs."""
        try:
            self.journal.foresee(self.builder.forecast(), self.blocks.now_s())
        except StoreError as error:
            self.problem = str(error)
