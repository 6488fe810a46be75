"""`make chaos`: play many stories, print what broke and how to repeat it, and write down what was measured."""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bitgrid.clock import SystemClock
from chaos.held import HeldRun
from chaos.kinds import Kind
from chaos.outcome import Outcome
from chaos.real import SPEED, RealWorld
from chaos.report import Played, write
from chaos.rooms import enter_own_room, skipped
from chaos.story import story

HELD_RUNS, REAL_RUNS = 1000, 100
REAL_STRIKES = 2
"""Real seconds are dear: mixtures of more are played with the clock held."""


def main() -> int:
    """Play; 1 if the invariant was broken anywhere."""
    wishes = _wishes()
    worlds = ("held", "real") if wishes.world == "both" else (wishes.world,)
    if "real" in worlds:
        enter_own_room()
    logging.disable(logging.CRITICAL)  # a story is full of errors; they are the point
    play: dict[str, Callable[[int, int], Played]] = {"held": held, "real": real}
    broken = 0
    for world in worlds:
        runs = wishes.runs or (HELD_RUNS if world == "held" else REAL_RUNS)
        played = play[world](wishes.seed, runs)
        broken += sum(not outcome.is_good for outcome in played.outcomes)
        if wishes.write:
            write(played)
    print(f"chaos: the invariant was broken in {broken} runs")  # noqa: T201  it is a command
    return 1 if broken else 0


def held(first_seed: int, runs: int) -> Played:
    """With the clock held, on every core."""
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        outcomes = pool.imap(held_once, range(first_seed, first_seed + runs), chunksize=4)
        return _count("held", "clock held", first_seed, {}, outcomes)


def held_once(seed: int) -> Outcome:
    """One story with the clock held."""
    with tempfile.TemporaryDirectory(prefix="bitgrid-chaos-") as directory:
        return HeldRun(story(seed), Path(directory)).play()


def real(first_seed: int, runs: int) -> Played:
    """On real processes, one after the other: two houses would age each other."""
    left_out = skipped()
    for kind, reason in left_out.items():
        _say(f"skipped on real processes: {kind.value}: {reason}")
    possible = [kind for kind in Kind if kind not in left_out]
    with tempfile.TemporaryDirectory(prefix="bitgrid-chaos-") as directory:
        world = RealWorld(Path(directory))
        try:
            stories = (story(seed, possible, REAL_STRIKES) for seed in range(first_seed, first_seed + runs))
            return _count("real", f"{SPEED} times real time", first_seed, left_out, map(world.play, stories))
        finally:
            world.close()


def _count(
    world: str, pace: str, first_seed: int, left_out: dict[Kind, str], outcomes: Iterator[Outcome]
) -> Played:
    machine, done = SystemClock(), []
    began_s, today = machine.boot(), dt.datetime.fromtimestamp(machine.now(), dt.UTC).date()
    for outcome in outcomes:
        done.append(outcome)
        if not outcome.is_good:
            _say(outcome.failure(world))
        if len(done) % 50 == 0 or world == "real":
            _say(f"{world}: {len(done)} runs after {(machine.boot() - began_s) / 60:.1f} min")
    return Played(world, pace, today.isoformat(), first_seed, done, left_out, machine.boot() - began_s)


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--world", choices=("held", "real", "both"), default="both")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--runs", type=int, default=0, help=f"0: {HELD_RUNS} held, {REAL_RUNS} real")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/chaos.md")
    return parser.parse_args()


_say = partial(print, flush=True)


if __name__ == "__main__":
    sys.exit(main())
