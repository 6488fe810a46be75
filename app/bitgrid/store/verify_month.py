"""Verifying one month's file, and what is carried from one file to the next."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bitgrid.store import month, schema
from bitgrid.store.chain import BEGINNING, Head, Seal, event_payload, link

_HEARD_EVERY = 500
_LINKS = """
    SELECT seq, prev_hash, hash, at_s, record, load, clock_epoch, block, trigger FROM decision
    UNION ALL SELECT seq, prev_hash, hash, at_s, record, kind, NULL, NULL, NULL FROM event
    ORDER BY seq"""

_ARCHIVES = {
    "configuration": "SELECT hash, record FROM configuration",
    "forecast": "SELECT hash, record FROM forecast",
}
_LASTS = "SELECT (SELECT MAX(seq) FROM decision), (SELECT MAX(seq) FROM event)"


class Fault(NamedTuple):
    """Something that is not as it was written: in which file, what, and which record where it is one."""

    file: str
    what: str
    seq: int | None = None
    block: int | None = None

    def __str__(self) -> str:
        record = "" if self.seq is None else f", record {self.seq}"
        block = "" if self.block is None else f" (block {self.block})"
        return f"{self.file}{record}{block}: {self.what}"


class Link(NamedTuple):
    """A decision or an event as it hangs in the chain; an event has no block, and its kind stands for the load."""

    seq: int
    prev_hash: str
    hash: str
    at_s: int
    record: str
    load: str
    clock_epoch: int | None
    block: int | None
    trigger: str | None

    @property
    def row(self) -> tuple[str | int | None, ...]:
        """What its row says between its number and its hashes."""
        if self.block is None:
            return (self.at_s, self.load, self.record)
        return (self.load, self.clock_epoch, self.block, self.trigger, self.at_s, self.record)

    @property
    def payload(self) -> str:
        """What its hash is over."""
        return self.record if self.block is not None else event_payload(self.at_s, self.load, self.record)


@dataclass
class Walk:
    """What is known so far on the way along the chain."""

    known: Head | None
    heard: Callable[[int], None]
    head: Head = BEGINNING
    file: str = ""
    is_broken: bool = False
    known_found: bool = False
    archived: dict[str, set[str]] = field(default_factory=lambda: {"configuration": set(), "forecast": set()})
    decisions: int = 0
    events: int = 0
    first_at_s: int | None = None
    last_at_s: int | None = None
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known_found = self.known == BEGINNING

    def tell(self, file: str, what: str, seq: int | None = None, block: int | None = None) -> None:
        """Note a fault."""
        self.faults.append(Fault(file, what, seq, block))

    def damaged(self, file: str, what: str) -> None:
        """Note a file that cannot be read to its end: the next one cannot be held against it."""
        self.tell(file, what)
        self.file, self.is_broken = file, True

    def advance(self, head: Head) -> None:
        """Go on to the next link."""
        self.head = head
        self.known_found |= head == self.known

    def count(self, told: Link) -> None:
        """Note a record that was looked at."""
        if told.block is None:
            self.events += 1
        else:
            self.decisions += 1
        self.first_at_s = told.at_s if self.first_at_s is None else self.first_at_s
        self.last_at_s = told.at_s
        if (self.decisions + self.events) % _HEARD_EVERY == 0:
            self.heard(_HEARD_EVERY)


class MonthCheck:
    """One file, held against what came before it."""

    def __init__(self, name: str, connection: sqlite3.Connection, walk: Walk) -> None:
        self._name, self._connection, self._walk = name, connection, walk

    def run(self, *, is_last: bool) -> None:
        """Verify the file, in one snapshot; a writer may go on meanwhile."""
        try:
            self._connection.execute("BEGIN")
            if self._is_sound():
                self._header()
                self._archives()
                self._records()
                self._counters()
                self._seal(is_last=is_last)
                self._walk.file, self._walk.is_broken = self._name, False
            else:
                self._walk.file, self._walk.is_broken = self._name, True
        except (sqlite3.Error, ValueError, TypeError) as error:
            self._walk.damaged(self._name, f"cannot be read past record {self._walk.head.seq}: {error}")

    def _tell(self, what: str, told: Link | None = None) -> None:
        self._walk.tell(self._name, what, *((told.seq, told.block) if told else ()))

    def _is_sound(self) -> bool:
        """What SQLite says of the file, and whether its tables are there to be read."""
        for (problem,) in self._connection.execute("PRAGMA integrity_check"):
            if problem != "ok":
                self._tell(f"SQLite finds it damaged: {problem}")
        found, expected = schema.found(self._connection), schema.expected()
        for name in sorted(found.keys() | expected.keys()):
            if found.get(name) != expected.get(name):
                how = "missing" if name not in found else "changed" if name in expected else "not the ledger's"
                self._tell(f"{name} is {how}: tables and triggers are not as they were made")
        return schema.tables() <= found.keys()

    def _header(self) -> None:
        walk, header = self._walk, self._connection.execute("SELECT * FROM chain").fetchone()
        if header is None:
            self._tell("its header is missing, which ties it to the file before")
            return
        _, file, previous_file, previous_seq, previous_hash = header
        if file != self._name:
            self._tell(f"was written as {file}: it was renamed, or took another's place")
        if previous_file != walk.file:
            self._tell(
                f"follows {previous_file or 'no file'}, not {walk.file or 'no file'}: a file is missing or added"
            )
        elif Head(previous_seq, previous_hash) != walk.head and not walk.is_broken:
            self._tell(f"follows {Head(previous_seq, previous_hash)}, but {walk.file} ends with {walk.head}")
        walk.advance(Head(previous_seq, previous_hash))

    def _archives(self) -> None:
        for table, known in self._walk.archived.items():
            for key, record in self._connection.execute(_ARCHIVES[table]):
                if hashlib.sha256(str(record).encode()).hexdigest() != key:
                    self._tell(f"the {table} archived as {key} is not what its hash says: it was changed")
                known.add(key)

    def _records(self) -> None:
        for told in map(Link._make, self._connection.execute(_LINKS)):
            self._place(told)
            if not is_whole(told):
                self._tell("it was changed: its hash is not that of what it says", told)
            if told.block is not None:
                self._decision(told)
            self._walk.advance(Head(told.seq, told.hash))
            self._walk.count(told)

    def _place(self, told: Link) -> None:
        """Whether a record stands where it was written."""
        head = self._walk.head
        if told.seq <= head.seq:
            self._tell("there are two of this number: one was inserted", told)
        elif told.seq > head.seq + 1:
            self._missing(head.seq + 1, told.seq - 1)
        elif told.prev_hash != head.hash:
            self._tell("it does not follow the record before it: one of the two was changed or moved", told)

    def _missing(self, first: int, last: int) -> None:
        which = f"record {first} is" if first == last else f"records {first} to {last} are"
        self._walk.tell(self._name, f"{which} missing", first)

    def _decision(self, told: Link) -> None:
        """Whether a decision's columns say what its record says, and what it names is archived."""
        decision, state = _parsed(told.record)
        for what in _contradictions(told, decision):
            self._tell(what, told)
        for table, key in _named(decision, state):
            if key not in self._walk.archived[table]:
                self._tell(f"the {table} it names, {key}, is not archived", told)

    def _counters(self) -> None:
        """SQLite counts up even where rows are deleted: records cut off the end are seen by it."""
        counted = dict(self._connection.execute("SELECT name, seq FROM sqlite_sequence"))
        lasts = self._connection.execute(_LASTS).fetchone()
        for table, last in zip(("decision", "event"), lasts, strict=True):
            if counted.get(table) != last:
                self._tell(f"the last {table} is record {last}, but {counted.get(table)} was written: cut off")

    def _seal(self, *, is_last: bool) -> None:
        row = self._connection.execute("SELECT * FROM seal").fetchone()
        if row is None:
            if not is_last:
                self._tell("its seal is missing: a month is sealed before the next one begins")
            return
        _, *figures, prev_hash, told_hash = row
        seal, head = Seal(*figures), self._walk.head
        if seal != month.figures_of(self._connection, seal.sealed_at_s) or prev_hash != head.hash:
            self._tell("its seal is broken: the file does not hold what was sealed")
        if link(prev_hash, seal.payload) != told_hash:
            self._tell("its seal was changed: its hash is not that of what it says")
        self._walk.advance(Head(head.seq, told_hash))


def is_whole(told: Link) -> bool:
    """Whether a record's hash is that of what it says."""
    try:
        return link(told.prev_hash, told.payload) == told.hash
    except ValueError:  # a hash that is none
        return False


def _parsed(record: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision and the state of a record; empty where it has none."""
    try:
        whole = json.loads(record)
    except (ValueError, RecursionError):
        return {}, {}
    parts = [whole.get(name) if isinstance(whole, dict) else None for name in ("decision", "state")]
    decision, state = (part if isinstance(part, dict) else {} for part in parts)
    return decision, state


def _contradictions(told: Link, decision: dict[str, Any]) -> Iterator[str]:
    for name in ("load", "clock_epoch", "block", "trigger", "at_s"):
        if decision.get(name) != getattr(told, name):
            yield f"its column {name} says {getattr(told, name)!r}, its record {decision.get(name)!r}"


def _named(decision: dict[str, Any], state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a decision was made by, as the archives' tables and keys."""
    yield "configuration", str(decision.get("config_hash"))
    if state.get("forecast") is not None:
        yield "forecast", str(state["forecast"])
