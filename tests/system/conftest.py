"""Four hours of a house take four minutes at 60 times real time, so they begin first and are judged last.

In between the other tests run. Nothing here is timed: what is asserted holds on a busy machine too. The house ends
with its four hours, however long the other tests take: the sun of the next morning is no part of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitgrid.devices.errors import DeviceError
from system.stack import Stack

SPEED = 60
HOURS_S = 4 * 3600
RECORDED_HOME = Path(__file__).parents[3] / "shared" / "bench" / "home_fr_2024_30min.csv"
RECORDED_OPTIONS = ("--data", str(RECORDED_HOME), "--start", "2024-05-15T12:30Z")
WEATHER_OPTIONS = ("--start", "2025-05-14T15:30")
FIRST, LAST = "test_four_hours_begin", "test_four_hours_are_over"


@dataclass
class Witness:
    """Watches a house from outside: what the miner truly draws, what the battery truly holds."""

    stack: Stack
    seen: list[tuple[float, float, float]] = field(default_factory=list)
    hashed_ths: float = 0.0
    last_level: str = ""
    miner_answers_at_last: bool = True
    over: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look ten times a second, until the hours are over; ask the miner itself now and then, and at last."""
        while not self._stopping.wait(0.1):
            if self.seen and self.seen[-1][0] - self.seen[0][0] >= HOURS_S:
                self._look_at_last()
                return
            truth = self.stack.plant.status()
            self.seen.append((truth["at_s"], truth["loads"]["miner"]["power_w"], truth["soc_pct"]))
            if truth["loads"]["miner"]["power_w"] > 700 and self.hashed_ths == 0.0:
                self.hashed_ths = self.stack.read_miner().hashrate_ths or 0.0

    def _look_at_last(self) -> None:
        """What is at the end; then the house is shut."""
        self.last_level = self.stack.get("state")["loads"]["miner"]["level"]
        try:
            self.stack.read_miner()
        except DeviceError:
            self.miner_answers_at_last = False
        self.over.set()
        self.stack.close()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()


@pytest.fixture(scope="session")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    """Watches a house live on the recorded home, or on the plant's own weather where there is none."""
    options = RECORDED_OPTIONS if RECORDED_HOME.is_file() else WEATHER_OPTIONS
    stack = Stack(tmp_path_factory.mktemp("hours") / "var", SPEED, *options)
    stack.plant.set(soc_pct=64.0)
    witness = Witness(stack)
    thread = threading.Thread(target=witness.watch, name="witness")
    thread.start()
    yield witness
    witness.stop()
    thread.join()
    if not witness.over.is_set():
        stack.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The four hours begin before everything else and are judged after it."""
    rank = {FIRST: -1, LAST: 1}
    items.sort(key=lambda item: rank.get(item.name.split("[")[0], 0))
