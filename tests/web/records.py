"""A house with a ledger: days that the real rules decided in a simulated home, recorded as `rules` does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bitgrid.config import Config
from bitgrid.config.loading import load_plant
from bitgrid.control.journal import Journal
from bitgrid.kernel import Decision
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import from_source
from bitgrid.replay.simulation import Simulation
from bitgrid.store import DecisionRow, Ledger
from web.talk import REPOSITORY

MORNING_S = int(dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp())
"""06:00 in Berlin."""
DAY = "2025-05-14"
HALF_A_DAY = 72


@dataclass
class Recorded:
    """A data directory and what is in its ledger."""

    data: Path
    config: Config
    rows: list[DecisionRow]

    @property
    def ends_s(self) -> int:
        """A minute after the last decision."""
        return self.rows[-1].at_s + 60

    def row(self, action: str) -> DecisionRow:
        """The first decision with an action."""
        return next(row for row in self.rows if f'"action":"{action}"' in row.record)


def record(
    data: Path, config: Config, blocks: int = HALF_A_DAY, begins_s: int = MORNING_S, *, tamper: str = ""
) -> Recorded:
    """Let the rules decide so many blocks; ``tamper`` is an action that is written down as another."""
    ledger = Ledger(data / "ledger")
    journal = Journal(ledger)
    journal.configuration(config, begins_s)

    def write(decision: Decision) -> None:
        decided = journal.decided(decision)
        if tamper and decision.action == tamper:
            told = decided.row.record.replace(f'"action":"{tamper}"', '"action":"HOLD"')
            decided = replace(decided, row=replace(decided.row, record=told))
        journal.append(decided)

    home = SimulatedHome(config.site, load_plant(REPOSITORY / "config"))
    Simulation(config, from_source(home, config, begins_s, blocks), write).run()
    rows = ledger.decisions(limit=10_000)[::-1]
    ledger.close()
    return Recorded(data, config, rows)


def add(recorded: Recorded, row: DecisionRow, **more: Any) -> None:
    """Write one decision more, like ``row`` but for what is given."""
    ledger = Ledger(recorded.data / "ledger")
    ledger.append(replace(row, **more), "{}")
    ledger.close()
