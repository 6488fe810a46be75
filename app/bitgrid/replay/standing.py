"""Where the house stands: the newest decision on every load, what it was made from, and what it has left.

Plans, what-ifs and the consequences of a wish all go on from here. Touches the ledger, for reading.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bitgrid.kernel import (
    EnergyState,
    LoadMemory,
    LoadProfile,
    Trigger,
    advance,
    decide,
    memory_from_record,
    state_from_record,
)
from bitgrid.replay.archive import Library, Rulebook
from bitgrid.replay.errors import NothingThere
from bitgrid.replay.preview import PlannedBlock, plan
from bitgrid.store import DecisionRow, Ledger

DAY_S = 86_400


@dataclass(frozen=True)
class Standing:
    """The house as it was seen last.

    Args:
        book: the configuration that the newest decision was made by.
        rows: the newest decision on each load that has one, in order of priority.
        state: the house of the newest of them, its surplus not shared, with the newest forecast.
        memories: what each load's decision has left.
    """

    book: Rulebook
    rows: Mapping[str, DecisionRow]
    state: EnergyState
    memories: Mapping[str, LoadMemory]

    @property
    def at_s(self) -> int:
        """When it was seen, UTC epoch seconds."""
        return self.state.at_s

    @property
    def loads(self) -> list[tuple[LoadProfile, LoadMemory]]:
        """Every load with what its last decision has left."""
        return [(self.book.loads[name], memory) for name, memory in self.memories.items()]

    def plan(self, blocks: int) -> dict[str, list[PlannedBlock]]:
        """The coming blocks by load, as far as the forecast reaches; the next one always."""
        return plan(self.state, self.loads, self.book.rules, self.book.battery, blocks, self.local_day)

    def local_day(self, at_s: int) -> int:
        """The local date of a time, yyyymmdd."""
        local = datetime.fromtimestamp(at_s, ZoneInfo(self.book.config.site.location.timezone))
        return local.year * 10_000 + local.month * 100 + local.day


def newest_rows(ledger: Ledger, library: Library) -> tuple[Rulebook, dict[str, DecisionRow]]:
    """The configuration of the newest decision, and the newest decision on each of its loads that has one.

    Raises:
        NothingThere: nothing is decided yet.
        NotArchived: the configuration is not there.
    """
    newest = ledger.decisions(limit=1)
    if not newest:
        raise NothingThere(
            "nothing is decided yet, so there is nothing to go on from. Ask again in a few minutes."
        )
    book = library.rulebook(json.loads(newest[0].record)["state"]["config_hash"])
    return book, {load: row for load in book.loads for row in ledger.decisions(limit=1, load=load)}


def standing(ledger: Ledger, library: Library, book: Rulebook, rows: Mapping[str, DecisionRow]) -> Standing:
    """Read where the house stands.

    Args:
        ledger: for the newest forecast.
        library: of the same ledger.
        book: the configuration to go on by.
        rows: a decision on each load, in order of priority; one at least.

    Raises:
        NotArchived: what they were made from is not there.
        KeyError, TypeError, ValueError: a record cannot be read.
    """
    states: list[EnergyState] = []
    memories: dict[str, LoadMemory] = {}
    for name, row in rows.items():
        record = json.loads(row.record)
        forecast_name = record["state"]["forecast"]
        forecast = None if forecast_name is None else library.forecast(forecast_name)
        state, memory = state_from_record(record["state"], forecast), memory_from_record(record["memory"])
        memories[name] = advance(decide(state, memory, book.rules, book.loads[name], Trigger(row.trigger)))
        states.append(state)
    newest = replace(max(states, key=lambda state: state.at_s), surplus_left_w=None)
    return Standing(book, rows, _foreseen(newest, ledger, library), memories)


def _foreseen(state: EnergyState, ledger: Ledger, library: Library) -> EnergyState:
    """The house with the forecast that has come into force since; no block that runs is decided by it."""
    told = ledger.newest_forecast()
    if told is None or told[0] <= state.at_s:
        return state
    return replace(state, forecast=library.forecast(told[1]))
