"""`make bench`: what a home with 40 signals and one miner writes to its disk in a day, and how big that gets.

One simulated day, its clock stepped by the hand: the real recorder, rules, ledger and its copy, explain
sessions and feeds' store, on real files, with each fsync as in life. Counted is what Linux itself counts for
this process (`write_bytes` in /proc/self/io: pages that must go to the disk). Every 30 s of that day all that
was written is brought to the disk, as Linux does by itself, so that a page written twice counts twice. Beside
it, a store that commits every value. Then 90 days of telemetry, an hour a batch. Not counted: logs, and what
the file system writes about itself.

    python bench/writes.py [DIRECTORY]     on the disk that is meant, not in memory; here by default
"""

from __future__ import annotations

import logging
import math
import os
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from latency import BEGINS_S, CONFIG, House, file_system

from bitgrid.bus import DecisionEvent, Received, Telemetry, decode
from bitgrid.config import load_config
from bitgrid.explain import Narrator
from bitgrid.store import Ledger, TelemetryStore
from bitgrid.store.batching import TelemetryRecorder
from bitgrid.store.feeds import BlockMeans, FeedsStore
from bitgrid.store.hot import KEEP_S
from bitgrid.store.ledger_copy import LedgerCopy
from bitgrid.store.sessions import Session, SessionKeeper, SessionStore
from bitgrid.store.telemetry import Measured
from kernel import say

SIGNALS, EVERY_S = 40, 10
DAY_S, BLOCK_S, FLUSHED_S = 86_400, 600, 30
HOT_DAYS = 90
NAIVE_PART = 500
FEEDS_BLOCKS = 115_200
"""As many as the feeds remember: 800 days."""
GOAL_DAY_MB, GOAL_HOT_MB = 30, 50
MB = 1_000_000


def main() -> int:
    """Measure and print; exit code 1 where a goal is missed."""
    logging.disable(logging.ERROR)
    parent = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    with tempfile.TemporaryDirectory(prefix=".bitgrid-bench-", dir=parent) as place:
        if not counts_writes(Path(place)):
            say(
                f"{parent} ({file_system(parent)}) is not on a disk, or writes are not counted there: name another"
            )
            return 0
        say(f"{SIGNALS} signals every {EVERY_S} s, one miner, a day; on {file_system(parent)}")
        day_mb = HomeDay(Path(place)).live()
        naive(Path(place), "delete", "full")
        naive(Path(place), "wal", "normal")
        hot_mb = ninety_days(Path(place))
    return int(day_mb >= GOAL_DAY_MB or hot_mb >= GOAL_HOT_MB)


def written() -> int:
    """Bytes this process has made the kernel write."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


def flush(place: Path) -> None:
    """Bring to the disk what was written below a directory, as the kernel does of itself within 30 s."""
    for path in place.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)


def counts_writes(place: Path) -> bool:
    """Whether a megabyte written here is one that is counted."""
    before = written()
    (place / "test").write_bytes(b"x" * MB)
    flush(place)
    (place / "test").unlink()
    return written() - before >= MB


class HomeDay:
    """A home that lives through a day; what each store wrote is told apart."""

    def __init__(self, place: Path) -> None:
        self._place, self._random = place, random.Random(1)  # noqa: S311  chance in a simulation
        self._by_store: dict[str, int] = {}
        config = load_config(CONFIG)
        self._house = House(config, Ledger(place / "ledger"))
        clock, topics = self._house.clock, self._house.topics
        self._clock, self._topics = clock, topics
        self._store = TelemetryStore(place / "bitgrid.sqlite")
        self._recorder = TelemetryRecorder(self._store, topics, clock)
        self._sessions = SessionKeeper(SessionStore(place / "bitgrid.sqlite"), clock)
        self._feeds = full_feeds(place / "feeds.sqlite", int(clock.now()))
        self._copy = LedgerCopy(place / "ledger", place / "snapshots" / "ledger", clock)
        self._told: list[DecisionEvent] = []
        Narrator(
            config.site,
            self._house.bus,
            lambda told: self._sessions.take(Session(told.decision_id, told.load, told.at_s, told.texts)),
        )
        self._house.bus.subscribe(topics.decision, self._hear)
        self._signals = list(signals(self._random))

    def live(self) -> float:
        """The day; MB written."""
        self._copy.copy()
        flush(self._place)
        began, values = written(), 0
        for second in range(0, DAY_S, EVERY_S):
            values += self._measure(second)
            self._count("telemetry", self._recorder.step)
            self._count("ledger", partial(self._decide, second))
            self._count("explain sessions", self._sessions.step)
            self._count("second copy of the ledger", self._copy.step)
            if second % BLOCK_S == 0:
                self._count("feeds", partial(self._learn, second))
            self._clock.advance(EVERY_S)
        self._count("telemetry", self._recorder.flush)
        before = written()
        self._feeds.snapshot()
        flush(self._place)
        self._by_store["a seventh of the feeds' weekly snapshot"] = (written() - before) // 7
        return self._tell(values, (before - began + (written() - before) // 7) / MB)

    def _tell(self, values: int, total_mb: float) -> float:
        say(f"{values:,} values, {len(self._told)} decisions")
        for name, size in self._by_store.items():
            say(f"  {name:<42}{size / MB:8.2f} MB")
        say(f"  {'all':<42}{total_mb:8.2f} MB a day (goal: under {GOAL_DAY_MB} MB)")
        return total_mb

    def _count(self, name: str, work: Callable[[], object]) -> None:
        before = written()
        problem = work()
        if problem:
            sys.exit(f"{name}: {problem}; the figures would mean nothing")
        if self._clock.now() % FLUSHED_S == 0:
            flush(self._place)
        self._by_store[name] = self._by_store.get(name, 0) + written() - before

    def _measure(self, second: int) -> int:
        for signal, value in zip(self._signals, shown(self._signals, second, self._random), strict=True):
            device, name = signal
            told = Telemetry(value=value, source=device).encode()
            self._recorder.on_telemetry(Received(self._topics.telemetry(device, name), told, retained=False))
        return len(self._signals)

    def _decide(self, second: int) -> None:
        """A sunny day; a new forecast and prices for each block, told by the feeds when it has been decided."""
        if second % BLOCK_S == EVERY_S:
            block = int(self._clock.now() // BLOCK_S)
            for device, name, curve in curves(block, self._random):
                told = Telemetry(value=curve, source=device, first_block=block).encode()
                topic = self._topics.telemetry(device, name)
                self._house.engine.on_telemetry(Received(topic, told, retained=False))
        self._house.speak(is_sunny=DAY_S * 0.35 < second < DAY_S * 0.7)
        self._house.engine.step()

    def _learn(self, second: int) -> None:
        self._feeds.add(BlockMeans(int(self._clock.now()) // BLOCK_S * BLOCK_S, second % 4000, 300))
        if second == 0:
            self._feeds.forget_but(FEEDS_BLOCKS)
        if second % (6 * 3600) == 0:
            self._feeds.keep("prices", self._clock.now(), str([12.345] * 192))

    def _hear(self, received: Received) -> None:
        event = decode(DecisionEvent, received.payload)
        if event is not None:
            self._told.append(event)


def signals(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Devices and signals; how many decimals each has stands in its name."""
    for number in range(SIGNALS):
        yield f"device_{number // 8}", f"signal_{number}_{chance.choice((0, 1, 1, 1, 2, 3, 9))}"


def shown(names: list[tuple[str, str]], second: int, chance: random.Random) -> Iterator[float]:
    """What each shows now: noise on a slow wave, so that hardly a value is the one before."""
    for number, (_device, name) in enumerate(names):
        value = 2000 * (1 + math.sin(second / 13_000 + number)) + chance.gauss(0, 40)
        decimals = int(name.rsplit("_", 1)[1])
        yield value if decimals > 3 else round(value, decimals)  # noqa: PLR2004  9: as computed


def curves(block: int, chance: random.Random) -> Iterator[tuple[str, str, list[float]]]:
    """36 hours of sun, load and prices."""
    ahead = range(block, block + 216)
    sun = [
        round(max(0.0, 4000 * math.sin(number / 144 * math.tau)) * chance.uniform(0.9, 1.1)) for number in ahead
    ]
    yield "forecast", "pv_forecast_w", [float(watts) for watts in sun]
    yield "load_forecast", "load_forecast_w", [float(round(300 * chance.uniform(0.8, 1.2))) for _ in ahead]
    yield "tariff", "import_prices_ct_kwh", [round(20 + 10 * math.sin(number), 2) for number in ahead]


def full_feeds(path: Path, now_s: int) -> FeedsStore:
    """The feeds' store as it is when it forgets as much as it learns."""
    FeedsStore(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        first = now_s // BLOCK_S - FEEDS_BLOCKS
        rows = ((number * BLOCK_S, number % 4000, 300) for number in range(first, first + FEEDS_BLOCKS))
        connection.executemany("INSERT INTO block_means VALUES (?, ?, ?)", rows)
    return FeedsStore(path)


def naive(place: Path, journal: str, synchronous: str) -> None:
    """A store that commits every value, for a part of a day."""
    path, chance = place / f"naive-{journal}.sqlite", random.Random(1)  # noqa: S311  chance in a simulation
    names = list(signals(chance))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(
            "CREATE TABLE telemetry (at_s REAL, device TEXT, signal TEXT, value REAL, quality TEXT,"
            " PRIMARY KEY (device, signal, at_s))"
        )
        flush(place)
        before = written()
        seconds = range(0, max(EVERY_S, DAY_S // NAIVE_PART), EVERY_S)
        for second in seconds:
            for (device, name), value in zip(names, shown(names, second, chance), strict=True):
                row = (BEGINS_S + second, device, name, value, "good")
                connection.execute("INSERT INTO telemetry VALUES (?, ?, ?, ?, ?)", row)
            if second % FLUSHED_S == 0:
                flush(place)
    flush(place)
    scale = DAY_S / (len(seconds) * EVERY_S)
    name, size_mb = f"a commit a value, journal {journal}, {synchronous}", (written() - before) * scale / MB
    say(f"  {name:<42}{size_mb:8.0f} MB a day (telemetry, {len(seconds) * EVERY_S} s of it times {scale:.0f})")


def ninety_days(place: Path) -> float:
    """The hot database at its biggest, MB, its write-ahead log included."""
    path, chance, biggest = place / "ninety" / "bitgrid.sqlite", random.Random(1), 0  # noqa: S311  a simulation
    names = list(signals(chance))
    texts = {"de": {"short": "x" * 400}, "en": {"short": "x" * 400}}
    sessions = SessionStore(path)
    an_hour = [
        Measured(float(second), *name, value, "good")
        for second in range(0, 3600, EVERY_S)
        for name, value in zip(names, shown(names, second, chance), strict=True)
    ]
    with closing(TelemetryStore(path)) as store:
        for hour in range(HOT_DAYS * 24):
            at_s = BEGINS_S + hour * 3600
            store.append(one._replace(at_s=one.at_s + at_s) for one in an_hour)
            said = [
                Session(f"miner-0-{hour}-{block}-tick", "miner", at_s + block * BLOCK_S, texts)
                for block in range(6)
            ]
            sessions.append(said, at_s - KEEP_S)
            store.drop_before(at_s - KEEP_S)
            biggest = max(biggest, sum(part.stat().st_size for part in path.parent.iterdir()))
    say(
        f"hot database after {HOT_DAYS} days, {KEEP_S / DAY_S:.0f} of them kept: {biggest / MB:.1f} MB"
        f" (goal: under {GOAL_HOT_MB} MB)"
    )
    return biggest / MB


if __name__ == "__main__":
    sys.exit(main())
