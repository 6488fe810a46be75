"""What a PV forecast costs with a year of history: a new one in milliseconds, and memory; run by `forecast.py`.

The year is made up (a clear sky under clouds by seed), for neither depends on the weather. Everything as in the
running feed: the store on disk, the learning beside, the feed stepped from block to block.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import psutil  # type: ignore[import-untyped]  # the package has no types

from bitgrid.clock import HeldClock
from bitgrid.config.house import Location, PvPlane
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.pv.feed import PvForecastFeed
from bitgrid.feeds.pv.learning import Home
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.teacher import ERRAND, Teacher
from bitgrid.store.feeds import BlockMeans, FeedsStore
from bitgrid.sun import clear_sky_w

PLACE = Location(latitude=48.1, longitude=11.6)
PLANES = (PvPlane(peak_w=6000, tilt_deg=30, azimuth_deg=180),)
BLOCK_S, DAY_S = 600, 86_400
NOON_S = 1_718_967_600
ROUNDS, GOAL_MS, GOAL_MB = 30, 200, 80
MB = 1024 * 1024


def main() -> int:
    """Measure and print; exit code 1 where a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="bitgrid-bench-") as place, ThreadPoolExecutor(1) as executor:
        store = FeedsStore(Path(place) / "feeds.sqlite")
        fill(store)
        me, clock, errands = psutil.Process(), HeldClock(wall_s=NOON_S), Errands(executor)
        before, memory = me.memory_info().rss, Memory(store, BLOCK_S)
        teacher = Teacher(Home(PLACE, (), BLOCK_S), memory, errands, clock)
        feed = PvForecastFeed(teacher, memory, None, clock, BLOCK_S)
        begun, most = perf_counter(), before
        feed.step()
        while errands.is_out(ERRAND):
            errands.step()
            most = max(most, me.memory_info().rss)
        say(f"{'a year learned, beside the loop':<40}{perf_counter() - begun:8.1f} s")
        taken_ms = [1000 * taken_s(feed, clock) for _ in range(ROUNDS)]
        most = max(most, me.memory_info().rss)
    grown_mb, usual_ms = (most - before) / MB, statistics.median(taken_ms[1:])
    say(f"{'the first new forecast after it':<40}{taken_ms[0]:8.0f} ms")
    say(f"{'a new forecast, 36 h in 10 min blocks':<40}{usual_ms:8.0f} ms (goal, for 24 h: under {GOAL_MS} ms)")
    say(f"{'resident memory grew by at most':<40}{grown_mb:8.1f} MB (goal: under {GOAL_MB} MB)")
    return int(usual_ms > GOAL_MS or grown_mb > GOAL_MB)


def fill(store: FeedsStore) -> None:
    """A year of blocks."""
    chance, clearness = random.Random(1), 0.6  # noqa: S311  weather is no secret
    for start_s in range(NOON_S - 365 * DAY_S, NOON_S + ROUNDS * BLOCK_S, BLOCK_S):
        clearness += 0.1 * (0.6 - clearness) + chance.gauss(0, 0.1)
        clear_w = clear_sky_w(start_s + BLOCK_S / 2, PLACE.latitude, PLACE.longitude, PLANES)
        store.add(BlockMeans(start_s, round(clear_w * min(1.0, max(0.05, clearness))), 300))


def taken_s(feed: PvForecastFeed, clock: HeldClock) -> float:
    """Of the first step in a new block."""
    clock.advance(BLOCK_S)
    begun = perf_counter()
    feed.step()
    return perf_counter() - begun


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
