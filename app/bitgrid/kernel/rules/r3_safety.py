"""R3 protects: heat, silence, emergency, the grid, a house not yet set up.

It cannot be switched off, and nothing breaks its vote.
"""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF, LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState, Quality
from bitgrid.kernel.voting import Evidence, VoteRecord

RANK = 1
TRIP_OTHER = 1
TRIP_HEAT = 2
NEAR_LIMIT = 20
"""2 K, in 0.1 °C."""
NEVER_S = 1_000_000_000
"""Age of an answer that never came."""
LIMIT = "grid_limit_w"
LOADS_BEFORE = "loads_before_w"
"""What the loads before this one were decided to draw."""
_FLAGS = (
    ("emergency_stop", Code.R3_EMERGENCY_STOP),
    ("ups_on_battery", Code.R3_UPS_ON_BATTERY),
    ("first_run", Code.R3_FIRST_RUN),
    ("controller_lost", Code.R3_CONTROLLER_LOST),
)


def vote(
    state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile, *, of_window: bool
) -> VoteRecord:
    """R3's vote: stop what runs, forbid a start of what is off, cap its level, or nothing.

    Only a state ``of_window`` tells an efficiency: power and hash rate of one moment are read seconds apart.
    """
    temp = state.good(f"{load.id}.temp_c")
    seen = Evidence({"temp_c": temp}, {"max_temp_c": rules.max_temp})
    objection = (
        _danger(state, rules, load, seen)
        or _silence(state, memory, rules, load, seen)
        or _lockout(state, memory, rules, seen)
    )
    margin = None if temp is None else rules.max_temp - temp
    if objection is not None:
        demand = Vote.FORBID_START if memory.level == OFF else Vote.STOP
        return VoteRecord(Rule.R3, RANK, demand, objection, None, seen.inputs, seen.thresholds, margin, "temp_c")
    warning = None if memory.level == OFF else _warning(state, memory, rules, load, seen, of_window=of_window)
    lower = load.levels[max(0, load.index(memory.level) - 2)].name
    limited = _limited(state, memory, load, seen)
    if limited is not None and (warning is None or load.index(limited.level or OFF) <= load.index(lower)):
        return limited
    demand, code = (Vote.NONE, Code.R3_OK) if warning is None else (Vote.CAP, warning)
    capped = None if warning is None else lower
    return VoteRecord(Rule.R3, RANK, demand, code, capped, seen.inputs, seen.thresholds, margin, "temp_c")


def limit_left_w(state: EnergyState) -> int | None:
    """What the grid operator's limit leaves for this load, W; None: there is no limit, or nobody knows it.

    A limit that was told a while ago still binds: it ends by being told anew, not by silence.
    """
    limit = state.signals.get(LIMIT)
    if limit is None or limit.value is None or limit.quality not in {Quality.GOOD, Quality.STALE}:
        return None
    return limit.value - (state.good(LOADS_BEFORE) or 0)


def fits_limit(state: EnergyState, load: LoadProfile, level: str) -> bool:
    """Whether the grid operator's limit leaves room for a level."""
    left_w = limit_left_w(state)
    return left_w is None or load.power_w(level) <= left_w


def _limited(state: EnergyState, memory: LoadMemory, load: LoadProfile, seen: Evidence) -> VoteRecord | None:
    """The grid operator's limit: the highest level that fits is the most; where none does, off. None: all fit."""
    left_w = limit_left_w(state)
    too_much = [level for level in load.levels if left_w is not None and level.power_w > left_w]
    if left_w is None or not too_much:
        return None
    fitting, next_w = len(load.levels) - len(too_much), too_much[0].power_w
    off = Vote.FORBID_START if memory.level == OFF else Vote.STOP
    demand, most = (Vote.CAP, load.levels[fitting - 1].name) if fitting else (off, None)
    inputs = seen.inputs | {LIMIT: state.signals[LIMIT].value, LOADS_BEFORE: state.good(LOADS_BEFORE) or 0}
    thresholds = seen.thresholds | {"next_level_w": next_w}
    return VoteRecord(Rule.R3, RANK, demand, Code.R3_GRID_LIMIT, most, inputs, thresholds, left_w - next_w, LIMIT)


def _danger(state: EnergyState, rules: RuleSet, load: LoadProfile, seen: Evidence) -> Code | None:
    """Heat first, because it locks; then emergency, UPS and controllers, the guard's own stop, the room."""
    trip, temp = state.good(f"{load.id}.guard_trip"), seen.inputs["temp_c"]
    if trip:
        seen.inputs["guard_trip"] = trip
    if trip == TRIP_HEAT or (temp is not None and temp > rules.max_temp):
        return Code.R3_OVER_TEMP
    for name, code in _FLAGS:
        if state.good(name):
            seen.inputs[name] = 1
            return code
    if trip:
        return Code.R3_GUARD_TRIP
    room = state.good("room_temp_c")
    if room is not None and room > rules.max_room_temp:
        seen.inputs["room_temp_c"], seen.thresholds["max_room_temp_c"] = room, rules.max_room_temp
        return Code.R3_ROOM_TEMP
    return None


def _silence(
    state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile, seen: Evidence
) -> Code | None:
    """A load or a required meter that has not answered for too long; an off load may be silent."""
    if memory.level == OFF:
        return Code.R3_METER_SILENT if state.degraded else None
    seen.thresholds["comm_timeout_s"] = rules.comm_timeout_s
    silence_s = _load_silent_s(state, load, rules)
    if silence_s is not None:
        seen.inputs["age_s"] = silence_s
        return Code.R3_LOAD_SILENT
    for name in state.degraded:
        age_s = state.signals[name].age_s if name in state.signals else None
        if age_s is None or age_s > rules.comm_timeout_s:
            seen.inputs["age_s"] = age_s
            return Code.R3_METER_SILENT
    return None


def _load_silent_s(state: EnergyState, load: LoadProfile, rules: RuleSet) -> int | None:
    """For how long the load has not told its temperature, s, when that is too long and its boot grace is over.

    A load whose temperature and age do not stand in the state at all is one where they are not measured.
    """
    on_for_s = state.good(f"{load.id}.on_for_s")
    if on_for_s is not None and on_for_s <= load.boot_grace_s:
        return None
    ages = []
    temp, answer = state.signals.get(f"{load.id}.temp_c"), state.signals.get(f"{load.id}.age_s")
    if temp is not None:
        is_told = temp.value is not None and temp.quality in {Quality.GOOD, Quality.STALE}
        ages.append(temp.age_s if is_told and temp.age_s is not None else NEVER_S)
    if answer is not None:
        ages.append(NEVER_S if answer.value is None else answer.value)
    return max((age_s for age_s in ages if age_s > rules.comm_timeout_s), default=None)


def _warning(  # noqa: PLR0913  what a rule is handed, and what its state is of
    state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile, seen: Evidence, *, of_window: bool
) -> Code | None:
    """Outside the ramp: too near to the limit, or wasting more than 5 % of the power."""
    on_for_s = state.good(f"{load.id}.on_for_s")
    if on_for_s is not None and on_for_s <= load.ramp_s:
        return None
    temp = seen.inputs["temp_c"]
    if temp is not None and temp > rules.max_temp - NEAR_LIMIT:
        return Code.R3_NEAR_LIMIT
    if not of_window or _holds_ramp(state, memory, rules, load, on_for_s):
        return None
    power, rate = state.good(f"{load.id}.power_w"), state.good(f"{load.id}.hashrate_ths")
    profile = load.joules_per_terahash
    if profile is None or power is None or not rate:
        return None
    # W over 0.1 TH/s, in 0.1 J/TH: told rounded, but compared as it is
    seen.inputs["measured_j_per_th"] = (200 * power + rate) // (2 * rate)
    seen.thresholds["profile_j_per_th"] = profile
    return Code.R3_DRIFT if abs(100 * power - profile * rate) * 20 > profile * rate else None


def _holds_ramp(
    state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile, on_for_s: int | None
) -> bool:
    """Whether the window's means may still hold some of the ramp: after a start, or after a change of level."""
    if on_for_s is not None and on_for_s <= load.ramp_s + rules.block_s:
        return True
    changed = memory.last_change_block
    return changed is not None and state.at_s <= (changed + 1) * rules.block_s + load.ramp_s


def _lockout(state: EnergyState, memory: LoadMemory, rules: RuleSet, seen: Evidence) -> Code | None:
    """After a thermal or emergency stop: a time, and cool enough where the load can be asked."""
    if memory.lockout_until_s is None or memory.level != OFF:
        return None
    seen.thresholds["lockout_until_s"] = memory.lockout_until_s
    seen.thresholds["resume_temp_c"] = rules.resume_temp
    temp = seen.inputs["temp_c"]
    too_hot = temp is not None and temp >= rules.resume_temp
    return Code.R3_LOCKOUT if state.at_s < memory.lockout_until_s or too_hot else None
