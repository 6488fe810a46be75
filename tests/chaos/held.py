"""A story played with the clock held: the same objects as the services step, one process, a second at a time.

The checker looks once a second, at the plant itself and at the ledger's file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from chaos.breaking import Breaking
from chaos.chaos_house import ChaosHouse
from chaos.invariant import Invariant, Truth
from chaos.kinds import SELF_MADE, Kind, hindrances, lost_by
from chaos.outcome import Outcome, Struck, outcome
from chaos.records import LedgerEye
from chaos.story import Story

MORNING_S = int(dt.datetime(2025, 5, 14, 9, 0, tzinfo=dt.UTC).timestamp())
DST_CHANGES_S = tuple(
    int(dt.datetime(*day, 1, 0, tzinfo=dt.UTC).timestamp()) for day in ((2025, 3, 30), (2025, 10, 26))
)
LEAD_S = 330
WARM_UP_S = 600
WELL_RUNNING_W = 700


class SteadySun:
    """Four kilowatts at any hour, so that the miner would always run, were nothing wrong."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        """PV power and household load, W; they move a little, or they would pass for frozen."""
        return 4000 + int(epoch_s) % 7, 400 + int(epoch_s) % 5


class HeldRun:
    """One story in one house.

    Args:
        story: what happens.
        directory: where the house keeps its ledger.
        sabotage: breaks the house on purpose before it begins, to see that the invariant notices.
    """

    def __init__(
        self, story: Story, directory: Path, sabotage: Callable[[ChaosHouse], None] = lambda _house: None
    ) -> None:
        self.story = story
        self.house = house = ChaosHouse(directory, self._start_s(), source=SteadySun())
        site, rules = house.config.site, house.config.rules
        self.invariant = Invariant(site.loads[0].off_below_w, rules.r3.max_temp_c, rules.r2.soc_hard_min_pct)
        self.active: set[Kind] = set()
        self.struck: list[Struck] = []
        self._breaking = Breaking(house)
        self._eye = LedgerEye(directory / "ledger")
        self._heard = 0
        sabotage(house)

    def play(self) -> Outcome:
        """Live through it all."""
        for _ in range(WARM_UP_S):
            self._second()
        assert self.house.miner_w > WELL_RUNNING_W, "the miner does not run even while nothing is wrong"
        for second in range(self.story.ends_s):
            self._mend_and_strike(second)
            self._second()
        self._eye.close()
        self.house.ledger.close()
        return outcome(self.story, self.invariant, self.struck)

    def _start_s(self) -> float:
        """A morning; or so that the change of summer time falls on its strike."""
        changes = [strike.at_s for strike in self.story.strikes if strike.kind is Kind.DST]
        if not changes:
            return MORNING_S - LEAD_S
        return DST_CHANGES_S[self.story.seed % 2] - changes[0] - WARM_UP_S

    def _second(self) -> None:
        self.house.second()
        self._look()

    def _look(self) -> None:
        house, boot_s = self.house, self.house.clock.boot()
        miner, active = house.house.miners["miner"], frozenset(self.active)
        for record in self._eye.new(boot_s):
            self.invariant.recorded(record, boot_s)
        truth = Truth(
            boot_s,
            miner.power_w,
            miner.setting_w if miner.is_hashing else 0,
            miner.temp_c,
            house.house.soc_pct or 0.0,
            lost_by(active),
            hindrances=hindrances(active),
            makes_itself=bool(SELF_MADE & active),
        )
        self.invariant.look(truth)
        for at_s, command in house.commands[self._heard :]:
            self.invariant.command(at_s, command.decision_id, command.level)
        self._heard = len(house.commands)

    def _mend_and_strike(self, second: int) -> None:
        for strike in self.story.strikes:
            if strike.lasts_s and strike.ends_s == second:
                self._breaking.mend(strike.kind)
                self.active.discard(strike.kind)
            if strike.at_s == second:
                self.struck.append(Struck(strike, self.house.clock.boot()))
                self._breaking.strike(strike.kind)
                if strike.lasts_s:
                    self.active.add(strike.kind)
