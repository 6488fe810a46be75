"""A story played on the real processes of `bitgrid run`, with the plant, at 20 times real time."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from pathlib import Path

from bitgrid.bus import LoadCommand, Received, decode
from bitgrid.plant.errors import PlantError
from chaos.invariant import Invariant, Record, Truth
from chaos.kinds import SELF_MADE, Kind, hindrances, lost_by
from chaos.outcome import Outcome, Struck, outcome
from chaos.real_breaking import RealBreaking
from chaos.records import LedgerEye
from chaos.rooms import drop_disk, small_disk
from chaos.story import QUIET_S, Story
from system.stack import Stack

SPEED = 20
LOOK_EVERY_MACHINE_S = 0.1
JITTER_S = 0.35 * SPEED
"""What a busy machine and the pause between two looks may add: a third of a second."""
WELL_RUNNING_W = 700
RUNS_WITHIN_MACHINE_S = 45.0
STAYS_OFF_S, RUNS_ON_S = 40.0, 90.0
RUNS_A_HOUSE = 12
STARTS = ("2025-05-14T11:00", "2025-05-14T11:00", "2025-10-26T02:45")
"""Every third house lives through the night in which summer time ends."""


class RealHouse:
    """A running house on a disk of its own, its truth, and its ledger."""

    def __init__(self, directory: Path, number: int) -> None:
        self._var = directory / f"house-{number}" / "var"
        small_disk(self._var)
        self.stack = Stack(self._var, SPEED, "--start", STARTS[number % len(STARTS)])
        self.breaking = RealBreaking(self.stack)
        self.eye = LedgerEye(Path(self.stack.card["data"]) / "ledger")
        self.commands: deque[LoadCommand] = deque()
        self.records: list[tuple[Record, float]] = []
        self.runs = 0
        self.stack._bus.subscribe(self.stack._topics.command("miner"), self._on_command)

    @property
    def boot_s(self) -> float:
        """Seconds of the house by the machine's boot clock."""
        return self.stack.machine.boot() * SPEED

    def runs_well(self) -> bool:
        """Have the miner run, whatever the rules would say; whether it does in time."""
        stack, never, until_s = self.stack, threading.Event(), self.stack.machine.boot() + RUNS_WITHIN_MACHINE_S
        stack.plant.clear()
        stack.plant.set(soc_pct=90.0)
        is_asked = False
        while stack.machine.boot() < until_s:
            self.read_records()
            is_asked = is_asked or (stack._bus.is_connected and self._is_accepted())
            if is_asked and stack.miner_w > WELL_RUNNING_W:
                return True
            never.wait(0.5)
        return False

    def _is_accepted(self) -> bool:
        """Ask for full power; no answer, as from rules that begin anew, is a no."""
        try:
            return self.stack.ask("level", "full").accepted
        except AssertionError:
            return False

    def read_records(self) -> None:
        """Keep what became durable since asked last, with when it was seen."""
        boot_s = self.boot_s
        self.records += [(record, boot_s) for record in self.eye.new(boot_s)]

    def close(self) -> None:
        """End it."""
        self.eye.close()
        self.stack.close()
        drop_disk(self._var)

    def _on_command(self, received: Received) -> None:
        command = None if received.retained else decode(LoadCommand, received.payload)
        if command is not None and command.decision_id != "of-yesterday":
            self.commands.append(command)


class RealRun:
    """One story in a house that runs.

    Args:
        story: what happens.
        house: where.
    """

    def __init__(self, story: Story, house: RealHouse) -> None:
        self.story, self.house = story, house
        site, rules = house.stack.config.site, house.stack.config.rules
        limits = site.loads[0].off_below_w, rules.r3.max_temp_c, rules.r2.soc_hard_min_pct
        self.invariant = Invariant(*limits, jitter_s=JITTER_S)
        self.active: set[Kind] = set()
        self.struck: list[Struck] = []
        self._recorded = 0
        self._mended_boot_s = 0.0
        self._menders: list[threading.Thread] = []

    def play(self) -> Outcome:
        """Live through it all."""
        never, began_s = threading.Event(), self.house.boot_s
        todo = deque(_in_order(self.story))
        while todo or self._is_mending() or not self._is_told(began_s):
            while todo and began_s + todo[0][0] <= self.house.boot_s:
                self._do(*todo.popleft())
            self._look()
            never.wait(LOOK_EVERY_MACHINE_S)
        return outcome(self.story, self.invariant, self.struck)

    def _is_told(self, began_s: float) -> bool:
        """Whether nothing more is to be seen: all is well again, and the miner stays as it is."""
        over_s = self.house.boot_s - max(began_s + self.story.ends_s - QUIET_S, self._mended_boot_s)
        return over_s > (STAYS_OFF_S if self.invariant.off_for_s(self.house.boot_s) > STAYS_OFF_S else RUNS_ON_S)

    def _do(self, _at_s: int, is_mend: bool, index: int) -> None:
        strike = self.story.strikes[index]
        if is_mend:
            thread = threading.Thread(target=self._mend, args=(strike.kind,))
            self._menders.append(thread)
            thread.start()
            return
        if strike.lasts_s:
            self.active.add(strike.kind)
        self.struck.append(Struck(strike, self.house.boot_s))
        self.house.breaking.strike(strike.kind)

    def _mend(self, kind: Kind) -> None:
        self.house.breaking.mend(kind)
        self.active.discard(kind)
        self._mended_boot_s = self.house.boot_s

    def _is_mending(self) -> bool:
        return any(thread.is_alive() for thread in self._menders)

    def _look(self) -> None:
        house, active = self.house, frozenset(self.active)
        try:
            truth = house.stack.plant.status()
        except PlantError:
            return
        boot_s, miner = house.boot_s, truth["loads"]["miner"]
        commands = [house.commands.popleft() for _ in range(len(house.commands))]
        house.read_records()
        for record, seen_boot_s in house.records[self._recorded :]:
            self.invariant.recorded(record, seen_boot_s)
        self._recorded = len(house.records)
        for command in commands:
            self.invariant.command(boot_s, command.decision_id, command.level)
        setting_w = miner["setting_w"] if miner["is_hashing"] else 0
        seen = Truth(
            boot_s,
            miner["power_w"],
            setting_w,
            miner["temp_c"],
            truth["soc_pct"],
            lost_by(active),
            hindrances=hindrances(active),
            makes_itself=bool(SELF_MADE & active),
        )
        self.invariant.look(seen)


class RealWorld:
    """Plays stories one after the other, in as few houses as it takes.

    Args:
        directory: where the houses go.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self._numbers = directory, itertools.count()
        self._house: RealHouse | None = None

    def play(self, story: Story) -> Outcome:
        """One story, in a house whose miner runs."""
        house = self._ready()
        house.runs += 1
        played = RealRun(story, house).play()
        if Kind.MINER_HOT in story.kinds or not played.is_good:
            self.close()  # heat locks it for an hour; and what is broken is no place for the next
        return played

    def close(self) -> None:
        """End what runs."""
        if self._house is not None:
            self._house.close()
            self._house = None

    def _ready(self) -> RealHouse:
        for _ in range(3):
            if self._house is not None and self._house.runs >= RUNS_A_HOUSE:
                self.close()
            house = self._house = self._house or RealHouse(self._directory, next(self._numbers))
            if house.runs_well():
                return house
            self.close()
        raise AssertionError("the miner does not run even while nothing is wrong")


def _in_order(story: Story) -> list[tuple[int, bool, int]]:
    strikes = list(enumerate(story.strikes))
    begins = [(strike.at_s, False, index) for index, strike in strikes]
    return sorted(begins + [(strike.ends_s, True, index) for index, strike in strikes if strike.lasts_s])
