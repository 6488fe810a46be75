"""What the rule daemon writes into the ledger, and reads back when it starts."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bitgrid.config import Config
from bitgrid.kernel import (
    Decision,
    LoadMemory,
    advance,
    canonical_json,
    decision_record,
    forecast_hash,
    forecast_record,
    memory_from_record,
    memory_record,
    state_record,
)
from bitgrid.store import DecisionRow, EventRow, Ledger

log = logging.getLogger(__name__)
_HOUSE = "_house"
_LATEST_EVENTS = 50


@dataclass(frozen=True)
class HouseMemory:
    """What is remembered of the house as a whole; ``epoch_began_s`` is by the clock as it then was."""

    emergency_stop: bool = False
    autonomy: int | None = None
    clock_epoch: int = 0
    epoch_began_s: int = 0


class Journal:
    """The ledger, in terms of decisions and memories."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._stored = ledger.memories()
        self._archived: str | None = None

    def load_memory(self, load: str) -> LoadMemory:
        """The memory of a load; a fresh one where there is none."""
        record = self._stored.get(load)
        return LoadMemory() if record is None else memory_from_record(json.loads(record))

    def house_memory(self) -> HouseMemory:
        """The memory of the house."""
        record = self._stored.get(_HOUSE)
        return HouseMemory() if record is None else HouseMemory(**json.loads(record))

    def last_at_s(self, house: HouseMemory) -> int:
        """The latest time that is known by the clock of the present epoch, UTC epoch seconds."""
        rows = self._ledger.decisions(limit=1)
        is_of_epoch = rows and rows[0].clock_epoch == house.clock_epoch
        return max(rows[0].at_s, house.epoch_began_s) if is_of_epoch else house.epoch_began_s

    def has_tick(self, load: str, clock_epoch: int, block: int) -> bool:
        """Whether a block has its tick decision."""
        return self._ledger.has_tick(load, clock_epoch, block)

    def decided(self, decision: Decision) -> tuple[DecisionRow, dict[str, Any]]:
        """The row of a decision, and its record as it goes on the bus."""
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
        return row, record

    def append(self, row: DecisionRow, decision: Decision) -> None:
        """Make a decision, the forecast it was made from and the memory it leaves durable.

        Raises:
            StoreError: it is not.
        """
        forecast = decision.state.forecast
        if forecast is not None and forecast_hash(forecast) != self._archived:
            name = forecast_hash(forecast)
            self._ledger.archive_forecast(name, canonical_json(forecast_record(forecast)), row.at_s)
            self._archived = name
        self._ledger.append(row, canonical_json(memory_record(advance(decision))))

    def save(self, house: HouseMemory, loads: Mapping[str, LoadMemory], at_s: int) -> None:
        """Make the memory of the house and of every load durable, all or none.

        Raises:
            StoreError: it is not.
        """
        records = {name: canonical_json(memory_record(memory)) for name, memory in loads.items()}
        self._ledger.save_memories({_HOUSE: canonical_json(asdict(house)), **records}, at_s)

    def event(self, kind: str, record: dict[str, Any], at_s: int) -> None:
        """Make an event durable.

        Raises:
            StoreError: it is not.
        """
        log.warning("%s event: %s", kind, record)
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
