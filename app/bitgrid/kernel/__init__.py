"""The pure decision: same inputs, same bytes out, on every machine, today and in five years.

May touch: nothing. No clock, no I/O, no randomness, no globals, and nothing imported but the standard library.
It computes in integers: W, 0.1 °C, 0.1 % SoC, 0.01 ct/kWh, seconds; people and JSON see decimals of those scales.
"""

from bitgrid.kernel.codes import Action, Code, Rule, Trigger, Vote
from bitgrid.kernel.decision import Decision, decide, may_renew
from bitgrid.kernel.memory import LoadMemory, Override, advance
from bitgrid.kernel.record import canonical_json, decision_record, memory_from_record, memory_record, state_record
from bitgrid.kernel.ruleset import OFF, Level, LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState, Quality, Signal, surplus_w, to_people, to_scaled

__all__ = [
    "OFF",
    "Action",
    "Code",
    "Decision",
    "EnergyState",
    "Level",
    "LoadMemory",
    "LoadProfile",
    "Override",
    "Quality",
    "Rule",
    "RuleSet",
    "Signal",
    "Trigger",
    "Vote",
    "advance",
    "canonical_json",
    "decide",
    "decision_record",
    "may_renew",
    "memory_from_record",
    "memory_record",
    "state_record",
    "surplus_w",
    "to_people",
    "to_scaled",
]
