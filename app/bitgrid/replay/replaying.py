"""Open loop: every recorded decision is derived again from what it was made from, and must be the same bytes.

One record is held at a time, and of each load the memory its last decision left; so a year takes no more memory
than a day. A tick's outlook is computed anew, too; other decisions of its block use the one that was at hand then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bitgrid.control.clock_steps import moved
from bitgrid.kernel import (
    Decision,
    LoadMemory,
    Trigger,
    advance,
    canonical_json,
    decide,
    decision_record,
    memory_from_record,
    memory_record,
    outlook,
    state_from_record,
    state_record,
)
from bitgrid.replay.archive import Archive, Library
from bitgrid.replay.errors import ReplayError
from bitgrid.store import DecisionRow

_PARTS = ("decision", "memory", "state")


@dataclass(frozen=True)
class Difference:
    """A record that is not what the kernel derives; both as canonical JSON.

    Args:
        decision_id: which.
        what: what differs, or why nothing could be derived.
        recorded, derived: the parts that differ; empty where there is nothing to show.
    """

    decision_id: str
    what: str
    recorded: str = ""
    derived: str = ""


class Replayer:
    """Checks records in the order they were made.

    Args:
        archive: for the configurations and forecasts that the records name.
    """

    def __init__(self, archive: Archive) -> None:
        self._library = Library(archive)
        self._left: dict[str, tuple[int, LoadMemory]] = {}
        self.checked = 0

    def check(self, row: DecisionRow) -> list[Difference]:
        """Derive one decision again; what differs, nothing when all is as it was."""
        self.checked += 1
        try:
            record = json.loads(row.record)
            derived, memory, left = self._derive(row, record)
        except ReplayError as error:
            return [self._lost(row, str(error))]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return [self._lost(row, f"the record cannot be read ({type(error).__name__}: {error})")]
        before, self._left[row.load] = self._left.get(row.load), (row.clock_epoch, left)
        found = [] if canonical_json(derived) == row.record else _differences(row, record, derived)
        if before is not None and not _may_follow(_carried(*before, row, memory), memory, row.trigger):
            left_before, found_now = (
                canonical_json(memory_record(before[1])),
                canonical_json(memory_record(memory)),
            )
            what = "its memory is not what the decision before it left; a record may be missing between them"
            found.append(Difference(row.id, what, found_now, left_before))
        return found

    def _derive(self, row: DecisionRow, record: Any) -> tuple[dict[str, Any], LoadMemory, LoadMemory]:  # noqa: ANN401  JSON
        """The whole record again, the memory it was made from, and the memory it leaves."""
        decision = derive(row, record, self._library)
        derived = {
            "decision": decision_record(decision),
            "memory": memory_record(decision.memory),
            "state": state_record(decision.state),
        }
        return derived, decision.memory, advance(decision)

    def _lost(self, row: DecisionRow, what: str) -> Difference:
        """A decision that could not be derived; the next one's memory has nothing to be held against."""
        self._left.pop(row.load, None)
        return Difference(row.id, f"cannot be derived: {what}", row.record)


def derive(row: DecisionRow, record: Any, library: Library) -> Decision:  # noqa: ANN401  JSON
    """Make a recorded decision again, from its state, memory, configuration and forecast.

    Args:
        row: as stored.
        record: its record, parsed.
        library: has what it names.

    Raises:
        ReplayError: something it names is not there.
        KeyError, TypeError, ValueError: it is no such record.
    """
    told, memory = record["state"], memory_from_record(record["memory"])
    book = library.rulebook(told["config_hash"])
    load = book.loads.get(row.load)
    if load is None:
        raise ReplayError(f"its configuration knows no load {row.load}")
    forecast = None if told["forecast"] is None else library.forecast(told["forecast"])
    state = state_from_record(told, forecast)
    if row.trigger == Trigger.TICK:
        state = replace(state, outlook=outlook(state, book.battery, book.rules.block_s))
    return decide(state, memory, book.rules, load, Trigger(row.trigger))


def _differences(row: DecisionRow, record: dict[str, Any], derived: dict[str, Any]) -> list[Difference]:
    names = [name for name in _PARTS if record.get(name) != derived[name]]
    if not names:
        return [Difference(row.id, "it is not in canonical form", row.record, canonical_json(derived))]
    return [
        Difference(
            row.id,
            f"the {name} is not what was derived",
            canonical_json(record.get(name)),
            canonical_json(derived[name]),
        )
        for name in names
    ]


def _carried(epoch: int, left: LoadMemory, row: DecisionRow, found: LoadMemory) -> LoadMemory:
    """What was left, carried over the steps of the clock in between: by as much as all that is found has moved."""
    if epoch == row.clock_epoch:
        return left
    blocks = _first_move(
        (left.last_change_block, found.last_change_block),
        (left.last_start_block, found.last_start_block),
        (left.stop_wished_block, found.stop_wished_block),
    )
    ends = [(one.override.ends_at_s if one.override else None) for one in (left, found)]
    step_s = _first_move((left.lockout_until_s, found.lockout_until_s), (ends[0], ends[1]))
    return moved(left, step_s, blocks)


def _first_move(*pairs: tuple[int | None, int | None]) -> int:
    return next((after - before for before, after in pairs if before is not None and after is not None), 0)


def _may_follow(left: LoadMemory, found: LoadMemory, trigger: str) -> bool:
    """Whether a memory can follow the one left: a person's override or emergency stop changes it in between."""
    if left == found:
        return True
    if replace(left, override=found.override, lockout_until_s=found.lockout_until_s) != found:
        return False
    is_override_asked = left.override == found.override or found.override is None or trigger == Trigger.USER
    return is_override_asked and (
        left.lockout_until_s == found.lockout_until_s or found.lockout_until_s is not None
    )
