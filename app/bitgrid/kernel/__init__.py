"""The pure decision: same inputs, same bytes out, on every machine, today and in five years.

May touch: nothing. No clock, no I/O, no randomness, no globals, and nothing imported but the standard library.
It computes in integers: W, 0.1 °C, 0.1 % SoC, 0.01 ct/kWh, seconds; people and JSON see decimals of those scales.
"""

from bitgrid.kernel.balance import Balance, balance, explained_by
from bitgrid.kernel.codes import Action, Code, Rule, Trigger, Vote
from bitgrid.kernel.decision import Decision, decide, may_renew
from bitgrid.kernel.memory import LoadMemory, Override, advance
from bitgrid.kernel.outlook import Battery, Outlook, outlook
from bitgrid.kernel.record import (
    canonical_json,
    decision_record,
    forecast_from_record,
    forecast_hash,
    forecast_record,
    memory_from_record,
    memory_record,
    state_from_record,
    state_record,
)
from bitgrid.kernel.ruleset import OFF, Level, LoadProfile, Policy, RuleSet
from bitgrid.kernel.state import (
    EnergyState,
    Forecast,
    Quality,
    Signal,
    surplus_w,
    to_people,
    to_scaled,
)
from bitgrid.kernel.value import EnergyPath, energy_path

__all__ = [
    "OFF",
    "Action",
    "Balance",
    "Battery",
    "Code",
    "Decision",
    "EnergyPath",
    "EnergyState",
    "Forecast",
    "Level",
    "LoadMemory",
    "LoadProfile",
    "Outlook",
    "Override",
    "Policy",
    "Quality",
    "Rule",
    "RuleSet",
    "Signal",
    "Trigger",
    "Vote",
    "advance",
    "balance",
    "canonical_json",
    "decide",
    "decision_record",
    "energy_path",
    "explained_by",
    "forecast_from_record",
    "forecast_hash",
    "forecast_record",
    "may_renew",
    "memory_from_record",
    "memory_record",
    "outlook",
    "state_from_record",
    "state_record",
    "surplus_w",
    "to_people",
    "to_scaled",
]
