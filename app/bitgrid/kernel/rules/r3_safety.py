"""R3 protects: heat, silence, emergency. It cannot be switched off, and nothing breaks its vote."""

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
_FLAGS = (
    ("emergency_stop", Code.R3_EMERGENCY_STOP),
    ("ups_on_battery", Code.R3_UPS_ON_BATTERY),
    ("controller_lost", Code.R3_CONTROLLER_LOST),
)


def vote(state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> VoteRecord:
    """R3's vote: stop what runs, forbid a start of what is off, or nothing."""
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
    warning = None if memory.level == OFF else _warning(state, rules, load, seen)
    if warning is None:
        return VoteRecord(
            Rule.R3, RANK, Vote.NONE, Code.R3_OK, None, seen.inputs, seen.thresholds, margin, "temp_c"
        )
    lower = load.levels[max(0, load.index(memory.level) - 2)].name
    return VoteRecord(Rule.R3, RANK, Vote.CAP, warning, lower, seen.inputs, seen.thresholds, margin, "temp_c")


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


def _warning(state: EnergyState, rules: RuleSet, load: LoadProfile, seen: Evidence) -> Code | None:
    """Outside the ramp: too near to the limit, or wasting more than 5 % of the power."""
    on_for_s = state.good(f"{load.id}.on_for_s")
    if on_for_s is not None and on_for_s <= load.ramp_s:
        return None
    temp = seen.inputs["temp_c"]
    if temp is not None and temp > rules.max_temp - NEAR_LIMIT:
        return Code.R3_NEAR_LIMIT
    if on_for_s is not None and on_for_s <= load.ramp_s + rules.block_s:
        return None  # a mean over the block would still hold some of the ramp
    power, rate = state.good(f"{load.id}.power_w"), state.good(f"{load.id}.hashrate_ths")
    profile = load.joules_per_terahash
    if profile is None or power is None or not rate:
        return None
    # W over 0.1 TH/s, in 0.1 J/TH: told rounded, but compared as it is
    seen.inputs["measured_j_per_th"] = (200 * power + rate) // (2 * rate)
    seen.thresholds["profile_j_per_th"] = profile
    return Code.R3_DRIFT if abs(100 * power - profile * rate) * 20 > profile * rate else None


def _lockout(state: EnergyState, memory: LoadMemory, rules: RuleSet, seen: Evidence) -> Code | None:
    """After a thermal or emergency stop: a time, and cool enough where the load can be asked."""
    if memory.lockout_until_s is None or memory.level != OFF:
        return None
    seen.thresholds["lockout_until_s"] = memory.lockout_until_s
    seen.thresholds["resume_temp_c"] = rules.resume_temp
    temp = seen.inputs["temp_c"]
    too_hot = temp is not None and temp >= rules.resume_temp
    return Code.R3_LOCKOUT if state.at_s < memory.lockout_until_s or too_hot else None
