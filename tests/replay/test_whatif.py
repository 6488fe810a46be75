"""What-if beyond the command's own tests: what follows from a value that nobody set."""

from __future__ import annotations

from dataclasses import replace

from bitgrid.kernel import LoadMemory, Trigger, decide, decision_record
from bitgrid.replay.archive import Rulebook
from bitgrid.replay.whatif import Recorded, Values, WhatIf, what_if
from kernel.houses import house
from replay.houses import shipped

METERS = {"grid_power_w": 0, "battery_power_w": 0, "pv_power_w": 1500, "battery_soc_pct": 80}


def asked(values: Values, left_w: int | None) -> WhatIf:
    """Ask on a house where the loads before the miner have left so much."""
    book = Rulebook.of(shipped())
    state = replace(house(required=tuple(METERS), **METERS), surplus_left_w=left_w)
    decision = decide(state, LoadMemory(), book.rules, book.loads["miner"], Trigger.TICK)
    recorded = Recorded(decision_record(decision), state, LoadMemory(), lacks_forecast=False)
    return what_if(recorded, values, "miner", book.config)


def test_more_sun_is_more_for_a_load_that_is_served_second() -> None:
    """The others take what they took; what is left grows by as much as the sun."""
    answer = asked({"pv_power_w": 3500}, left_w=-200)
    assert answer.decision.state.surplus_left_w == 1800
    assert answer.decision.action == "START"


def test_a_load_that_is_served_first_reads_the_meter() -> None:
    assert asked({"pv_power_w": 3500}, left_w=None).decision.state.surplus_left_w is None


def test_a_household_that_is_not_measured_was_what_the_balance_says() -> None:
    answer = asked({"house_load_w": 2500}, left_w=None)
    (change,) = answer.set
    assert (change.before, change.after) == (1500, 2500)
    assert [(one.name, one.after) for one in answer.follows] == [("grid_power_w", 1000)]
