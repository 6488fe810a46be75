"""A house with one load or two that lives through days: what happens to it, and what is decided on it.

Plays the rule daemon on the real kernel, and keeps apart what the house is from what its meter says: `over_w` is
what the sun really leaves, whatever runs. Every decision goes past the `Watch` of its load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from bitgrid.control import clock_steps, sharing
from bitgrid.control.load import Load
from bitgrid.kernel import (
    OFF,
    Action,
    Battery,
    Code,
    Decision,
    EnergyState,
    Forecast,
    LoadMemory,
    Outlook,
    Override,
    Policy,
    RuleSet,
    Signal,
    Trigger,
    Vote,
    advance,
    decide,
    outlook,
)
from kernel import watch
from kernel.houses import HEATER, MINER

BLOCK_S, DAY_S = 600, 86_400
MORNING_S = 20_000 * DAY_S + 6 * 3600
BATTERY = Battery(5_000)
HOUSE_W = 300
RULE_SETS = (
    RuleSet(),
    RuleSet(policy=Policy.LOCAL_FIRST, override_may_use_reserve=True, min_pause_blocks=4, max_starts_per_day=2),
    RuleSet(policy=Policy.STACK, r4_prestart=True, min_runtime_blocks=6, safety_lockout_s=1200),
    RuleSet(r4_preemptive_stop=True, deadband_blocks=5, max_temp=840, soc_soft_min=700, battery_claim_w=400),
    RuleSet(policy=Policy.LOCAL_FIRST, r4_enabled=False, hysteresis_w=0, deadband_blocks=0, min_pause_blocks=1),
)
STARTS_ON_SURPLUS = {Code.R1_SURPLUS_OK, Code.R1_SURPLUS_ECO}


@lru_cache(maxsize=512)
def looked_ahead(forecast: Forecast, block: int, soc: int) -> Outlook | None:
    told = {"battery_soc_pct": Signal(soc), "house_load_w": Signal(HOUSE_W)}
    return outlook(EnergyState(block * BLOCK_S, block, signals=told, forecast=forecast), BATTERY)


class Days:
    """The house. ``census`` counts which code decided, and how often a vote that demands nothing was cast."""

    def __init__(self, census: Counter[Code], *, loads: int = 2) -> None:
        self.census = census
        self.at_s, self.epoch, self.autonomy, self.rules = MORNING_S, 0, 3, RULE_SETS[0]
        self.loads = [Load(profile, LoadMemory()) for profile in (MINER, HEATER)[:loads]]
        self.watches = {load.profile.id: watch.Watch(load.profile) for load in self.loads}
        self.over_w = 0
        self.signals: dict[str, Signal] = {"miner.temp_c": Signal(450), "house_load_w": Signal(HOUSE_W)}
        self.faults: dict[str, Signal] = {}
        self.forecast: Forecast | None = None
        self.wastes = self.stepped = False
        self.drawn_w: dict[str, int] = {}
        self.standing: dict[str, Decision] = {}

    # what happens to it

    def tells(self, **values: int | None) -> None:
        """Change what is measured, in the kernel's integers; None: it is not known any more."""
        for name, value in values.items():
            dotted = name.replace("__", ".")
            self.signals.pop(dotted, None)
            if value is not None:
                self.signals[dotted] = Signal(value)

    def charged(self, soc: int) -> None:
        self.tells(battery_soc_pct=soc, battery_power_w=0)

    def expects(self, pv_w: tuple[int, ...], price: int | None, price_later: int | None = None) -> None:
        """A forecast from the next block on; ``price_later`` holds from its second block."""
        prices = () if price is None else (price, *[price_later or price] * (len(pv_w) - 1))
        self.forecast = Forecast(self.block + 1, pv_w, import_prices=prices) if pv_w else None

    def is_well(self) -> None:
        """A sunny day in an ordered house."""
        self.faults.clear()
        self.over_w, self.wastes, self.forecast = 6000, False, None
        self.tells(miner__temp_c=450, hodl_ct_kwh=None, import_price_ct_kwh=None)
        self.charged(900)

    def suffers(self, name: str, signal: Signal, *, stays: bool) -> None:
        """A fault; between ticks it is protection's business."""
        self.faults[name] = signal
        self.protects()
        if not stays:
            del self.faults[name]

    def clock_steps(self, step_s: int) -> None:
        before = self.block
        self.at_s += step_s
        self.epoch, self.stepped = self.epoch + 1, True
        for load in self.loads:
            load.memory = clock_steps.moved(load.memory, step_s, self.block - before)
        self.standing = {}

    def restarts(self) -> None:
        """A fresh process: what it knows is what was written; what runs is judged in full."""
        for load in self.loads:
            load.memory, load.confirmed = watch.written(load.memory), None
            self.watches[load.profile.id].on_for_s = None
        for load in self.loads:
            self.decides(load, Trigger.RESYNC)

    # what people do

    def reloads(self, rules: RuleSet) -> None:
        """Another configuration; what is remembered stays."""
        self.rules = rules

    def is_told(self, load: Load, level: str, seconds: int) -> None:
        """An override; a level that the load does not have is its highest."""
        level = level if load.knows(level) else load.profile.levels[-1].name
        word = Override(Vote.STOP if level == OFF else Vote.LEVEL, level, self.at_s + seconds)
        self.watches[load.profile.id].left_s = seconds
        load.memory = replace(load.memory, override=word)
        self.decides(load, Trigger.USER)

    def is_confirmed(self, load: Load) -> None:
        """A person says yes to what waits."""
        standing = self.standing.get(load.profile.id)
        asked = [vote.level for vote in standing.votes if vote.code is Code.MODE_WAITS] if standing else []
        if asked and asked[0] is not None:
            load.confirmed = (self.epoch, self.block), asked[0]
            self.decides_in_turn(load)

    # time

    @property
    def block(self) -> int:
        return self.at_s // BLOCK_S

    def ticks(self, blocks: int = 1, *, overruns: bool = False) -> None:
        """The tick of the next block, or of one further on: what was slept through is not decided."""
        self.passes((self.block + blocks) * BLOCK_S - self.at_s)
        self.measures()
        own = {"evaluation_overrun": Signal(1)} if overruns else {}
        taken_w, decided = 0, []
        for load in self.loads:
            state = self.state(load, own, taken_w)
            decided.append(self.decided(state, load, Trigger.TICK))
            taken_w += decided[-1].power_w
        self.shares(decided)
        for decision in decided:
            self.does_what_it_is_there_for(decision)
        self.stepped = False

    def protects(self) -> None:
        for load in self.loads:
            self.decides(load, Trigger.PROTECT)

    def passes(self, seconds: int) -> None:
        """Time goes on; where an override ends on the way, its end is a decision of its own."""
        while ends := [left_s for _load, left_s in self.overrides() if left_s <= seconds]:
            self.moves(min(ends))
            seconds -= min(ends)
            for load in [load for load, left_s in self.overrides() if left_s == 0]:
                self.watches[load.profile.id].left_s = None
                self.decides(load, Trigger.EXPIRY)
        self.moves(seconds)

    def overrides(self) -> Iterator[tuple[Load, int]]:
        for load in self.loads:
            left_s = self.watches[load.profile.id].left_s
            if left_s is not None:
                yield load, left_s

    def moves(self, seconds: int) -> None:
        before, self.at_s = self.block, self.at_s + seconds
        for watcher in self.watches.values():
            watcher.passes(seconds, self.block - before)

    # how it is seen, and what is decided

    def measures(self) -> None:
        self.drawn_w = {load.profile.id: load.profile.power_w(load.memory.level) for load in self.loads}

    def state(self, load: Load, own: dict[str, Signal], taken_w: int | None = None) -> EnergyState:
        """The house as the decision on a load sees it; ``taken_w`` at a tick, else the others stay as they are."""
        name = load.profile.id
        told = {
            **self.signals,
            "grid_power_w": Signal(sum(self.drawn_w.values()) - self.over_w),
            **{f"{other}.power_w": Signal(drawn_w) for other, drawn_w in self.drawn_w.items()},
            **own,
        }
        before = self.loads[: self.loads.index(load)]
        told["loads_before_w"] = Signal(sum(other.profile.power_w(other.memory.level) for other in before))
        if self.stepped:
            told["clock_stepped"] = Signal(1)
        if self.drawn_w.get("miner"):
            told["miner.hashrate_ths"] = Signal(self.drawn_w["miner"] * (90 if self.wastes else 100) // 186)
        on_for_s = self.watches[name].on_for_s
        if load.memory.level != OFF and on_for_s is not None:
            told[f"{name}.on_for_s"] = Signal(on_for_s)
        state = EnergyState(
            at_s=self.at_s,
            block=self.block,
            clock_epoch=self.epoch,
            local_day=20_260_000 + self.at_s // DAY_S - 20_000,
            signals=told | self.faults,
            required=("grid_power_w",),
            load_ids=tuple(self.drawn_w),
            forecast=self.forecast,
            outlook=self.looks_ahead(),
            autonomy=self.autonomy,
            confirmation=load.confirmation(self.epoch, self.block),
        )
        if len(self.loads) == 1:
            return state
        if taken_w is None:
            left_w = sharing.surplus_beside_w(state, self.rules, self.loads, load)
        else:
            left_w = sharing.surplus_left_w(state, self.rules, self.loads, load, taken_w)
        return replace(state, surplus_left_w=left_w)

    def looks_ahead(self) -> Outlook | None:
        soc = self.signals.get("battery_soc_pct")
        if self.forecast is None or soc is None or soc.value is None or self.block < self.forecast.first_block:
            return None
        return looked_ahead(self.forecast, self.block, soc.value)

    def decides(self, load: Load, trigger: Trigger) -> None:
        """A decision between ticks."""
        self.measures()
        decision = self.decided(self.state(load, {}), load, trigger)
        if decision.action is Action.START and decision.code in STARTS_ON_SURPLUS:
            self.carries(decision, beside_w=sum(self.drawn_w.values()))

    def decides_in_turn(self, load: Load) -> None:
        """What a person said yes to: as at a tick, after those before it."""
        self.measures()
        turn = self.loads.index(load)
        before_w = sum(self.drawn_w[other.profile.id] for other in self.loads[:turn])
        decision = self.decided(self.state(load, {}, before_w), load, Trigger.USER)
        held_w = sum(
            self.drawn_w[other.profile.id]
            for other in self.loads[turn + 1 :]
            if not self.watches[other.profile.id].is_free(decision)
        )
        if decision.action is Action.START and decision.code in STARTS_ON_SURPLUS:
            self.carries(decision, beside_w=before_w + held_w)

    def decided(self, state: EnergyState, load: Load, trigger: Trigger) -> Decision:
        decision = decide(state, load.memory, self.rules, load.profile, trigger)
        self.watches[load.profile.id].sees(decision)
        load.memory = advance(decision)
        self.standing[load.profile.id] = decision
        self.census[decision.code] += 1
        self.census.update(vote.code for vote in decision.votes if vote.vote is Vote.NONE)
        return decision

    # what must hold of the house as a whole; of each load, see the watch

    def shares(self, decided: list[Decision]) -> None:
        """No load starts on a surplus that those before it use up."""
        for rank, decision in enumerate(decided):
            if decision.action is Action.START and decision.code in STARTS_ON_SURPLUS:
                self.carries(decision, beside_w=sum(before.power_w for before in decided[:rank]))

    def carries(self, decision: Decision, *, beside_w: int) -> None:
        level = decision.load.levels[decision.load.index(decision.level) - 1]
        assert self.over_w - self.rules.battery_claim_w - beside_w >= level.min_surplus_w

    def does_what_it_is_there_for(self, decision: Decision) -> None:
        """A house that is as it should be runs in the sun and rests without it: no rule may forget to propose."""
        watcher, soc = self.watches[decision.load.id], decision.state.good("battery_soc_pct")
        plain = decision.state.good("hodl_ct_kwh") is None and self.forecast is None and not self.faults
        if not plain or self.stepped or self.autonomy < 3 or not watcher.was_free or watcher.left_s is not None:
            return
        calm = not self.wastes and (decision.state.good("miner.temp_c") or 0) < self.rules.resume_temp
        cheap = (decision.state.good("import_price_ct_kwh") or 0) <= self.rules.max_import_price
        if self.over_w >= 5000 and calm and cheap and (soc is None or soc > self.rules.soc_soft_min):
            assert decision.level == decision.load.levels[-1].name or decision.code is Code.CLOCK_OVERRUN
        if self.over_w <= 0:
            assert decision.level == OFF
