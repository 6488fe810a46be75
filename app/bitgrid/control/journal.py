"""What the rule daemon writes into the ledger, and reads back when it starts.

A stop is sent whether or not it can be written. One that could not be is owed: it is written before anything else,
as soon as the ledger takes writes again, after an event that says so. Until then nothing else is durable, so
nothing starts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from bitgrid.config import Config
from bitgrid.kernel import (
    Decision,
    Forecast,
    LoadMemory,
    Trigger,
    advance,
    canonical_json,
    decision_record,
    forecast_hash,
    forecast_record,
    memory_from_record,
    memory_record,
    state_record,
)
from bitgrid.store import LOST, DecisionRow, EventRow, Head, Ledger, RecordRefused

log = logging.getLogger(__name__)
_HOUSE = "_house"
_LATEST_EVENTS = 50
MOST_OWED = 32
"""A load that is off is not stopped again, so as many are owed as there are loads."""


@dataclass(frozen=True)
class HouseMemory:
    """What is remembered of the house as a whole; all times are by the clock as it was at ``epoch_began_s``.

    ``day`` and ``day_ends_s`` are of `LocalDays`, as they were then.
    """

    emergency_stop: bool = False
    ups_on_battery: bool = False
    autonomy: int | None = None
    clock_epoch: int = 0
    epoch_began_s: int = 0
    day: int = 0
    day_ends_s: int = 0
    research: bool = False

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """What `asdict` wrote, in this version or another.

        A later version may have remembered more; after a return to this one that is left out, and said.

        Args:
            record: names and values.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(record) - known)
        if unknown:
            log.warning(
                "the ledger remembers of the house what this version does not know, from a later one: %s; "
                "it goes on without and forgets it with the next thing it remembers",
                ", ".join(unknown),
            )
        return cls(**{name: value for name, value in record.items() if name in known})


@dataclass(frozen=True)
class Decided:
    """A decision, its row in the ledger, and its record as it goes on the bus."""

    decision: Decision
    row: DecisionRow
    record: dict[str, Any]


class Journal:
    """The ledger, in terms of decisions and memories.

    Args:
        ledger: where it is written.
        on_late: called with every decision that was owed, when it has been written.
    """

    def __init__(
        self, ledger: Ledger, on_late: Callable[[Decided, Head], None] = lambda _decided, _head: None
    ) -> None:
        self._ledger, self._on_late = ledger, on_late
        self._stored = ledger.memories()
        self._foreseen: Forecast | None = None
        lost = self._stored.pop(LOST, None)
        self.loss: dict[str, Any] | None = None if lost is None else json.loads(lost)
        """What was lost with a damaged ledger, until that is told: what is remembered is older than what ran."""
        self._forget = ""
        self._owed: list[Decided] = []
        self._owed_told = 0

    def load_memory(self, load: str) -> LoadMemory:
        """The memory of a load; a fresh one where there is none."""
        record = self._stored.get(load)
        return LoadMemory() if record is None else memory_from_record(json.loads(record))

    def house_memory(self) -> HouseMemory:
        """The memory of the house."""
        record = self._stored.get(_HOUSE)
        return HouseMemory() if record is None else HouseMemory.from_record(json.loads(record))

    def last_at_s(self, house: HouseMemory) -> int:
        """The latest time that is known by the clock of the present epoch, UTC epoch seconds."""
        rows = self._ledger.decisions(limit=1)
        is_of_epoch = rows and (self.loss is not None or rows[0].clock_epoch == house.clock_epoch)
        return max(rows[0].at_s, house.epoch_began_s) if is_of_epoch else house.epoch_began_s

    def has_tick(self, load: str, clock_epoch: int, block: int) -> bool:
        """Whether a block has its tick decision, written or owed."""
        key = load, clock_epoch, block, Trigger.TICK.value
        rows = (owed.row for owed in self._owed)
        is_owed = any((row.load, row.clock_epoch, row.block, row.trigger) == key for row in rows)
        return is_owed or self._ledger.has_tick(load, clock_epoch, block)

    def decided(self, decision: Decision) -> Decided:
        """A decision as it is written and told."""
        record, state = decision_record(decision), decision.state
        whole = {"decision": record, "state": state_record(state), "memory": memory_record(decision.memory)}
        row = DecisionRow(
            load=decision.load.id,
            clock_epoch=state.clock_epoch,
            block=state.block,
            trigger=decision.trigger.value,
            at_s=state.at_s,
            record=canonical_json(whole),
        )
        return Decided(decision, row, record)

    def append(self, decided: Decided) -> Head:
        """Make a decision, its forecast and the memory it leaves durable; where the chain then ends.

        Raises:
            StoreError: it is not.
        """
        self._catch_up(decided.row.at_s)
        return self._append(decided)

    def owe(self, decided: Decided) -> None:
        """Keep a decision that was carried out and could not be written."""
        if len(self._owed) >= MOST_OWED:
            log.error("decision %s will not be in the ledger: %d wait already", decided.row.id, MOST_OWED)
            return
        self._owed.append(decided)

    def save(self, house: HouseMemory, loads: Mapping[str, LoadMemory], at_s: int) -> None:
        """Make the memory of the house and of every load durable, all or none.

        Raises:
            StoreError: it is not.
        """
        self._catch_up(at_s)
        records = {name: canonical_json(memory_record(memory)) for name, memory in loads.items()}
        self._ledger.save_memories({_HOUSE: canonical_json(asdict(house)), **records}, at_s, self._forget)
        self._forget = ""

    def loss_is_told(self) -> None:
        """The loss is in the ledger: with the next memory that is saved, its note goes."""
        self._forget = LOST

    def event(self, kind: str, record: dict[str, Any], at_s: int) -> None:
        """Make an event durable.

        Raises:
            StoreError: it is not.
        """
        log.log(logging.INFO if kind == "audit" else logging.WARNING, "%s event: %s", kind, record)
        self._catch_up(at_s)
        self._ledger.append_event(EventRow(at_s, kind, canonical_json(record)))

    def knows_event(self, kind: str, event_id: str) -> bool:
        """Whether one of the latest events bears this id: a daemon that starts anew hears of it once more."""
        rows = self._ledger.events(limit=_LATEST_EVENTS)
        return any(row.kind == kind and json.loads(row.record).get("event_id") == event_id for row in rows)

    def configuration(self, config: Config, at_s: int) -> None:
        """Archive the configuration in use.

        Raises:
            StoreError: it is not durable.
        """
        self._ledger.archive_configuration(config.config_hash, config.canonical_json, at_s)

    def foresee(self, forecast: Forecast | None, at_s: int) -> None:
        """Archive a forecast that has come into force, so that what comes next can be previewed by it.

        Raises:
            StoreError: it is not durable.
        """
        if forecast is not None and forecast is not self._foreseen:
            name = forecast_hash(forecast)
            self._ledger.archive_forecast(name, canonical_json(forecast_record(forecast)), at_s)
            self._foreseen = forecast

    def _append(self, decided: Decided) -> Head:
        forecast, row = decided.decision.state.forecast, decided.row
        memory = canonical_json(memory_record(advance(decided.decision)))
        if forecast is None or forecast is self._foreseen:
            return self._ledger.append(row, memory)
        told = forecast_hash(forecast), canonical_json(forecast_record(forecast))
        head = self._ledger.append(row, memory, told)
        self._foreseen = forecast
        return head

    def _catch_up(self, at_s: int) -> None:
        """Write what is owed, in the order it was decided in; what the ledger will never take is given up.

        Raises:
            StoreError: the ledger still takes nothing.
        """
        if not self._owed:
            return
        late = [{"decision": owed.row.id, "decided_at_s": owed.row.at_s} for owed in self._owed]
        if self._owed_told != len(late):
            told = canonical_json({"what": "recorded_late", "decisions": late})
            self._ledger.append_event(EventRow(at_s, "health", told))
        while self._owed:
            self._owed_told = len(self._owed)
            self._write_late(self._owed[0])
            del self._owed[0]
        self._owed_told = 0

    def _write_late(self, owed: Decided) -> None:
        try:
            head = self._append(owed)
        except RecordRefused:
            log.exception("decision %s will not be in the ledger", owed.row.id)
            return
        self._on_late(owed, head)
