"""The invariant must be able to fail: houses broken on purpose, each in a way that would go unseen without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bitgrid.control.journal import Decided, Journal
from bitgrid.control.leases import Leases
from bitgrid.devices.lease import Lease, LeaseHolder
from bitgrid.guard.watch import Watch
from bitgrid.store.chain import BEGINNING, Head
from chaos.chaos_house import ChaosHouse
from chaos.held import HeldRun
from chaos.kinds import Kind
from chaos.outcome import Outcome
from chaos.story import Story, Strike

Sabotage = Callable[[ChaosHouse], None]


def played(directory: Path, *strikes: Strike, sabotage: Sabotage = lambda _house: None) -> Outcome:
    return HeldRun(Story(1, strikes), directory, sabotage).play()


@pytest.fixture
def endless_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither `loads` nor the guard lets a lease run out, and `loads` needs no renewal."""

    def look(holder: LeaseHolder) -> tuple[Lease | None, int]:
        return holder._lease, holder._ends

    monkeypatch.setattr(LeaseHolder, "look", look)
    monkeypatch.setattr(Watch, "_judge_lease", lambda *_: None)


@pytest.fixture
def idle_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard closes the relay and renews, but nothing ends a lease."""
    step = Watch.step

    def step_without_lease(watch: Watch, now: float) -> None:
        if watch._lease is None:
            step(watch, now)

    monkeypatch.setattr(Watch, "step", step_without_lease)
    monkeypatch.setattr(Watch, "release", lambda *_: None)


@pytest.fixture
def forgetful_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules believe that a decision is recorded, and nothing is."""

    def append(_journal: Journal, _decided: Decided) -> Head:
        return Head(1, BEGINNING.hash)

    monkeypatch.setattr(Journal, "append", append)


RULES_DEAD = Strike(20, Kind.RULES_KILLED, 200)
LOADS_DEAD = Strike(20, Kind.LOADS_KILLED, 200)
STOPPED = Strike(20, Kind.PERSON_STOPS, 0)


@pytest.mark.parametrize("strike", [RULES_DEAD, LOADS_DEAD, STOPPED], ids=str)
def test_a_sound_house_keeps_it(tmp_path: Path, strike: Strike) -> None:
    assert played(tmp_path, strike).violations == ()


@pytest.mark.usefixtures("endless_leases")
def test_leases_that_never_end_break_it(tmp_path: Path) -> None:
    (broken,) = played(tmp_path, RULES_DEAD).violations
    assert "rules, loads, guard or broker gone for 61 s" in broken


@pytest.mark.usefixtures("idle_guard")
def test_a_guard_that_does_nothing_breaks_it(tmp_path: Path) -> None:
    assert any("guard or broker gone for" in broken for broken in played(tmp_path, LOADS_DEAD).violations)


@pytest.mark.usefixtures("forgetful_journal")
def test_rules_that_renew_without_a_record_break_it(tmp_path: Path) -> None:
    broken = "\n".join(played(tmp_path, STOPPED).violations)
    assert "which the ledger does not hold for that" in broken
    assert "no record that lets it run" in broken


def test_rules_that_renew_another_level_than_recorded_break_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Leases._command

    def louder(leases: Leases, load: str, level: str, power_w: int, *more: object) -> None:
        command(leases, load, "full" if level == "eco" else level, 1674 if power_w else 0, *more)  # type: ignore[arg-type]

    def dim(house: ChaosHouse) -> None:
        house.house.pv_factor = 0.4

    monkeypatch.setattr(Leases, "_command", louder)
    broken = "\n".join(played(tmp_path, RULES_DEAD, sabotage=dim).violations)
    assert "a command to run at full names miner-" in broken
    assert "the miner is set to 1674 W, its record says eco: 800 W" in broken


def test_a_failure_prints_seed_sequence_times_and_the_command_that_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "_judge_lease", lambda *_: None)
    monkeypatch.setattr(LeaseHolder, "look", lambda holder: (holder._lease, holder._ends))
    printed = played(tmp_path, RULES_DEAD).failure("held")
    assert "seed 1: the invariant was broken" in printed
    assert "20.0 s    20 s  rules killed, for 200 s" in printed
    assert "make chaos WORLD=held SEED=1 RUNS=1" in printed
