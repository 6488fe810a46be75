"""What must hold of every decision, whatever the house looks like."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.kernel import (
    OFF,
    Action,
    EnergyState,
    Forecast,
    LoadMemory,
    Override,
    Quality,
    RuleSet,
    Signal,
    Trigger,
    Vote,
    advance,
    canonical_json,
    decide,
    decision_record,
    may_renew,
    memory_record,
    state_record,
)
from kernel.houses import BLOCK, MINER, RANGES, RARE

RULES = RuleSet()
LEVELS = [OFF, "eco", "full"]


@st.composite
def signals(draw: st.DrawFn) -> dict[str, Signal]:
    house = {}
    for name, (low, high) in RANGES.items():
        if draw(st.integers(0, 9)) < (1 if name in RARE else 8):
            quality = draw(st.sampled_from([Quality.GOOD] * 8 + [Quality.STALE, Quality.MISSING]))
            value = None if quality is Quality.MISSING else draw(st.integers(low, high))
            house[name] = Signal(value, draw(st.integers(0, 120)), quality)
    return house


STATES = st.builds(
    EnergyState,
    at_s=st.integers(BLOCK * 600, BLOCK * 600 + 599),
    block=st.just(BLOCK),
    local_day=st.just(20260101),
    signals=signals(),
    required=st.sampled_from([(), ("grid_power_w",), ("battery_soc_pct", "grid_power_w")]),
    load_ids=st.just(("miner",)),
    forecast=st.lists(st.integers(0, 8000), max_size=5).map(lambda pv: Forecast(BLOCK, tuple(pv))),
)
OVERRIDES = st.none() | st.builds(
    Override,
    vote=st.just(Vote.LEVEL),
    level=st.sampled_from(["eco", "full"]),
    ends_at_s=st.integers(BLOCK * 600 - 60, BLOCK * 600 + 700),
)
MEMORIES = st.builds(
    LoadMemory,
    level=st.sampled_from(LEVELS),
    last_change_block=st.none() | st.integers(BLOCK - 5, BLOCK),
    last_start_block=st.none() | st.integers(BLOCK - 5, BLOCK),
    starts=st.integers(0, 7),
    starts_day=st.just(20260101),
    lockout_until_s=st.none() | st.integers(BLOCK * 600 - 60, BLOCK * 600 + 700),
    override=OVERRIDES,
)
TRIGGERS = st.sampled_from(list(Trigger))
HOUSES = settings(max_examples=600, deadline=None)


@HOUSES
@given(STATES, MEMORIES, TRIGGERS)
def test_nothing_runs_that_r3_or_the_hard_reserve_forbids(
    state: EnergyState, memory: LoadMemory, trigger: Trigger
) -> None:
    decision = decide(state, memory, RULES, MINER, trigger)
    soc, temp = state.good("battery_soc_pct"), state.good("miner.temp_c")
    if decision.level != OFF:
        assert soc is None or soc > RULES.soc_hard_min
        assert temp is None or temp <= RULES.max_temp
        assert not state.good("emergency_stop")
        assert not state.good("controller_lost")
        assert not state.good("miner.guard_trip")


@HOUSES
@given(STATES, MEMORIES, TRIGGERS)
def test_nothing_starts_on_inputs_that_are_not_fresh(
    state: EnergyState, memory: LoadMemory, trigger: Trigger
) -> None:
    decision = decide(state, memory, RULES, MINER, trigger)
    if decision.action is Action.START:
        assert not state.degraded


@HOUSES
@given(STATES, MEMORIES)
def test_holds_hold_against_economy(state: EnergyState, memory: LoadMemory) -> None:
    decision = decide(state, memory, RULES, MINER, Trigger.TICK)
    since = memory.blocks_since_change(BLOCK)
    if decision.action is not Action.HOLD and since < RULES.deadband_blocks:
        assert decision.binding.rank <= 4


@HOUSES
@given(STATES, MEMORIES)
def test_there_is_no_seventh_start(state: EnergyState, memory: LoadMemory) -> None:
    decision = decide(state, memory, RULES, MINER, Trigger.TICK)
    if decision.action is Action.START and memory.starts >= RULES.max_starts_per_day:
        assert decision.rule.value == "USER"


@HOUSES
@given(STATES, MEMORIES, TRIGGERS)
def test_deciding_again_gives_the_same_bytes_and_changes_nothing_given(
    state: EnergyState, memory: LoadMemory, trigger: Trigger
) -> None:
    before = canonical_json([state_record(state), memory_record(memory)])
    once = canonical_json(decision_record(decide(state, memory, RULES, MINER, trigger)))
    again = canonical_json(decision_record(decide(state, memory, RULES, MINER, trigger)))
    assert once == again
    assert before == canonical_json([state_record(state), memory_record(memory)])


@HOUSES
@given(STATES, MEMORIES, TRIGGERS)
def test_the_action_is_the_step_from_the_level_before_to_the_level_after(
    state: EnergyState, memory: LoadMemory, trigger: Trigger
) -> None:
    decision = decide(state, memory, RULES, MINER, trigger)
    expected = {
        (True, True): Action.HOLD,
        (True, False): Action.START,
        (False, True): Action.STOP,
    }.get((memory.level == OFF, decision.level == OFF))
    if expected is None:
        expected = Action.HOLD if memory.level == decision.level else Action.THROTTLE
    assert decision.action is expected
    assert advance(decision).level == decision.level


@HOUSES
@given(STATES, MEMORIES, STATES)
def test_a_renewed_lease_is_one_that_protection_would_not_stop(
    state: EnergyState, memory: LoadMemory, later: EnergyState
) -> None:
    standing = decide(state, memory, RULES, MINER)
    if may_renew(later, standing):
        again = decide(later, LoadMemory(level=standing.level), RULES, MINER, Trigger.PROTECT)
        assert again.level == standing.level or again.binding.rank > 2
