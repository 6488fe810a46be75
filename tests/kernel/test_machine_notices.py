"""Each check of the machine can fail: one fault in the kernel is noticed, by the check that is there for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random
from types import ModuleType
from typing import Any

import pytest

from bitgrid.control import clock_steps, sharing
from bitgrid.control.load import Load
from bitgrid.kernel import OFF, Code, Decision, EnergyState, LoadMemory, Trigger, Vote, advance, decision, memory
from bitgrid.kernel.rules import mode, r1_surplus, r2_autarky, r3_safety, r4_forecast, r5_stability, user
from bitgrid.kernel.state import surplus_w
from bitgrid.kernel.voting import VoteRecord
from kernel import days, happenings, watch

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]
HOUSES, HAPPENINGS = 60, 40
NO_CHECKS = {"passes", "is_free", "counts", "starts_on"}


def altered(where: ModuleType, name: str, alter: Callable[..., object]) -> Fault:
    """``alter`` is handed what the function gives, and what it was given."""
    original = getattr(where, name)

    def altering(*given: object, **named: object) -> object:
        return alter(original(*given, **named), *given)

    return lambda patch: patch.setattr(where, name, altering)


def instead(where: object, name: str, value: object) -> Fault:
    return lambda patch: patch.setattr(where, name, value)


def abstains(where: ModuleType, name: str = "vote") -> Fault:
    return altered(where, name, lambda vote, *_given: vote._replace(vote=Vote.NONE, level=None))


def proposes(level: str) -> Fault:
    return altered(r1_surplus, "vote", lambda vote, *_given: vote._replace(vote=Vote.LEVEL, level=level))


def without_code(code: Code) -> Fault:
    def silenced(vote: VoteRecord, *_given: object) -> VoteRecord:
        return vote._replace(vote=Vote.NONE) if vote.code is code else vote

    return altered(decision, "_clock_vote", silenced)


def by_order(vote: VoteRecord, state: EnergyState, *_given: object) -> VoteRecord:
    return vote._replace(inputs={**vote.inputs, next(iter(state.signals)): 0})


def by_the_hour() -> Fault:
    turns = count()
    return altered(r1_surplus, "vote", lambda vote, *_given: vote._replace(margin=next(turns)))


def silent(*_given: object, **_named: object) -> None:
    """A part of a rule that has nothing to say."""


def twice(patch: Patch) -> None:
    once = days.Days.decided

    def decided(self: days.Days, state: EnergyState, load: Load, trigger: Trigger) -> Decision:
        if trigger is Trigger.TICK:
            once(self, state, load, trigger)
        return once(self, state, load, trigger)

    patch.setattr(days.Days, "decided", decided)


def remembering(**wrong: Any) -> Fault:
    return instead(days, "advance", lambda decided: replace(advance(decided), **wrong))


def no_start_is_let_pass(vote: VoteRecord, _state: object, remembered: LoadMemory, _rules: object) -> VoteRecord:
    return vote._replace(vote=Vote.NONE) if remembered.level == OFF else vote


def a_restart_may_start(vote: VoteRecord, _state: object, _remembered: object, trigger: Trigger) -> VoteRecord:
    return vote._replace(vote=Vote.NONE) if trigger is Trigger.RESYNC else vote


FAULTS: dict[str, tuple[Fault, str]] = {
    "R3 abstains": (abstains(r3_safety), "is_safe"),
    "R3 forgets heat": (instead(r3_safety, "_danger", silent), "is_safe"),
    "R3 forgets silence": (instead(r3_safety, "_silence", silent), "is_safe"),
    "R3 forgets to cool": (instead(r3_safety, "_lockout", silent), "is_safe"),
    "the hard reserve is ignored": (abstains(r2_autarky, "vote_hard"), "is_safe"),
    "below the hard reserve a start is let pass": (
        altered(r2_autarky, "vote_hard", no_start_is_let_pass),
        "is_safe",
    ),
    "import and soft reserve are ignored": (abstains(r2_autarky, "vote_soft"), "spares_reserve_and_grid"),
    "R1 proposes nothing": (proposes(OFF), "does_what_it_is_there_for"),
    "R1 proposes without surplus": (proposes("full"), "does_what_it_is_there_for"),
    "R1 is content with little surplus": (instead(r1_surplus, "threshold_w", lambda *_given: 300), "carries"),
    "R4 abstains": (abstains(r4_forecast), "looks_ahead"),
    "R4 forgets the night": (
        instead(r4_forecast, "_battery_first", silent),
        "looks_ahead",
    ),
    "R5 abstains": (abstains(r5_stability), "keeps_its_holds"),
    "R5 does not count starts": (instead(LoadMemory, "starts_on", lambda *_given: 0), "keeps_its_holds"),
    "the user is not heard": (abstains(user), "obeys_its_override"),
    "an override has no end": (
        instead(LoadMemory, "override_at", lambda self, _at_s: self.override),
        "obeys_its_override",
    ),
    "autonomy is ignored": (abstains(mode), "knows_who_may_switch or obeys_its_override"),
    "autonomy 2 does not wait": (instead(mode, "STOP_WAITS_BLOCKS", -1), "knows_who_may_switch"),
    "autonomy 2 waits for ever": (instead(mode, "STOP_WAITS_BLOCKS", 9), "waits_not_too_long"),
    "a restart starts": (altered(decision, "_clock_vote", a_restart_may_start), "is_believed"),
    "a step of the clock is not noticed": (without_code(Code.CLOCK_RESYNC), "is_believed"),
    "a slow decision is believed": (without_code(Code.CLOCK_OVERRUN), "is_believed"),
    "memory is not carried over a step": (
        instead(clock_steps, "moved", lambda remembered, *_given: remembered),
        "tells_when_it_may_change or spares_reserve_and_grid",
    ),
    "a lockout is not remembered": (
        instead(memory, "_LOCKING", frozenset()),
        "is_safe or tells_when_it_may_change",
    ),
    "a start is remembered without its block": (
        remembering(last_start_block=None),
        "tells_when_it_may_change",
    ),
    "a switch is remembered without its block": (
        remembering(last_change_block=None),
        "tells_when_it_may_change",
    ),
    "a start is not counted": (remembering(starts=0), "keeps_its_holds"),
    "the level is remembered wrongly": (remembering(level="full"), "sees"),
    "the end of a hold is not told": (
        instead(decision, "_next_change_at_s", silent),
        "tells_when_it_may_change",
    ),
    "a wrong memory is written": (
        altered(watch, "memory_record", lambda record, _memory: record | {"starts": 0}),
        "is_replayed",
    ),
    "a signal is not written": (
        altered(watch, "state_record", lambda record, _state: record | {"required": []}),
        "is_replayed",
    ),
    "the order of signals decides": (altered(r1_surplus, "vote", by_order), "is_replayed"),
    "the time of day decides": (by_the_hour(), "is_replayed"),
    "a block is decided twice": (twice, "comes_once"),
    "the grid's limit is forgotten": (
        instead(r3_safety, "_limited", lambda *_given: None),
        "keeps_the_grid_limit",
    ),
    "a lease is renewed past the grid's limit": (
        instead(r3_safety, "fits_limit", lambda *_given: True),
        "keeps_the_grid_limit",
    ),
    "a lease is always renewed": (instead(watch, "may_renew", lambda *_given: True), "is_safe"),
    "at a tick the loads do not share": (
        altered(sharing, "surplus_left_w", lambda _left_w, state, *_given: surplus_w(state)),
        "carries",
    ),
    "between ticks the loads do not share": (
        altered(sharing, "surplus_beside_w", lambda _left_w, state, *_given: surplus_w(state)),
        "carries",
    ),
}


def live(houses: int = HOUSES) -> Counter[Code]:
    """Some houses' days from a seed, the same at every run; what was decided by which code."""
    census: Counter[Code] = Counter()
    for seed in range(houses):
        happenings.play(days.Days(census, loads=1 + seed % 2), Random(seed), HAPPENINGS)
    return census


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed_by_the_check_that_is_there_for_it(fault: str, monkeypatch: Patch) -> None:
    inject, check = FAULTS[fault]
    inject(monkeypatch)
    with pytest.raises(AssertionError) as noticed:
        live()
    assert noticed.traceback[-1].name in check.split(" or ")


def test_every_check_has_a_fault_that_it_is_the_first_to_notice() -> None:
    checks = {name for name in vars(watch.Watch) if name not in NO_CHECKS and not name.startswith("_")}
    failed = {check for _fault, check in FAULTS.values() if " " not in check}
    assert failed == checks | {"does_what_it_is_there_for", "carries"}


def test_without_a_fault_nothing_is_noticed_and_every_code_decides_or_is_cast() -> None:
    """Else all of the above would hold of a checker that always complains, or of a house where nothing happens.

    A code whose vote demands something counts only where its vote was binding.
    """
    census = live()
    assert [code.value for code in Code if not census[code]] == []


def test_a_code_that_is_not_reached_would_show(monkeypatch: Patch) -> None:
    monkeypatch.setattr(happenings, "TROUBLE", (happenings.clock_steps,))
    assert not live(houses=1)[Code.R3_ROOM_TEMP]
