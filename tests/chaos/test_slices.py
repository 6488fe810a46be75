"""A short slice of `make chaos` in every `make test`: some stories held, two on real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.held import HeldRun
from chaos.kinds import Kind
from chaos.real import RealWorld
from chaos.rooms import skipped
from chaos.story import Story, Strike, story

HELD_SEEDS = (27, 33, 63, 93, 116, 291, 2075, 4013, *range(1000, 1010))
"""Those that once found something, in the house or in the checker; and some that nobody chose."""


@pytest.mark.parametrize("seed", HELD_SEEDS)
def test_with_the_clock_held(tmp_path: Path, seed: int) -> None:
    played = HeldRun(story(seed), tmp_path).play()
    assert played.is_good, played.failure("held")


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    first, second = (HeldRun(story(18), tmp_path / name).play() for name in ("first", "second"))
    assert (first.told, first.to_off) == (second.told, second.to_off)


@pytest.mark.system
@pytest.mark.timeout(300)
def test_on_real_processes(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    possible = [kind for kind in Kind if kind not in skipped()]
    stories = [
        Story(1, (Strike(10, Kind.APPLIANCE_DEAD, 150),)),
        story(2, [kind for kind in possible if kind is not Kind.MINER_HOT], most=2),
    ]
    try:
        for one in stories:
            played = world.play(one)
            assert played.is_good, played.failure("real")
    finally:
        world.close()
