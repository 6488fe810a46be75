"""The audit log for people: what stands in the ledger of safety, health and who changed what, in words.

A record whose kind of event has no words yet is shown as it is: nothing that is recorded is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitgrid.store.errors import StoreError
from bitgrid.store.event_log import NEWEST, events
from bitgrid.store.rows import EventRow
from bitgrid.web.words import Words

KINDS = ("audit", "safety", "health")
A_PAGE = 40
_HASHES = ("from", "to", "config_hash", "hash")
_SHORT = 12
_LONGEST = 400


@dataclass(frozen=True)
class Entry:
    """An event: its number in the ledger, when, of which kind, what happened, and who did it."""

    seq: int
    at: str
    kind: str
    text: str
    actor: str


@dataclass(frozen=True)
class Log:
    """A page of the log.

    Args:
        entries: newest first.
        older_seq: from where the next page goes on; 0 where there is none.
        problem: why it cannot be read; empty where it can.
    """

    entries: list[Entry]
    older_seq: int = 0
    problem: str = ""


def read_log(data: Path, kind: str, before_seq: int, words: Words, now_s: float) -> Log:
    """A page of the log, of one kind or, where ``kind`` is none of `KINDS`, of all."""
    kinds = (kind,) if kind in KINDS else KINDS
    try:
        rows = events(data / "ledger", kinds, A_PAGE + 1, before_seq or NEWEST)
    except StoreError as error:
        return Log([], problem=str(error))
    shown = [entry(row, words, now_s) for row in rows[:A_PAGE]]
    return Log(shown, older_seq=rows[A_PAGE - 1].seq if len(rows) > A_PAGE else 0)


def entry(row: EventRow, words: Words, now_s: float) -> Entry:
    """An event in words."""
    told = _record(row.record)
    text = _in_words(told, words) or f"{row.record[:_LONGEST]}"
    return Entry(row.seq, words.figures.moment(row.at_s, now_s), row.kind, text, str(told.get("actor", "")))


def _record(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _in_words(told: Mapping[str, Any], words: Words) -> str:
    """The sentence of an event; empty where there is none, or where the record lacks what it tells."""
    what = told.get("what") or told.get("cause")
    if what == "account":
        what = f"account-{told.get('change')}"
    key = f"event-{what}"
    if not isinstance(what, str) or not words.texts.knows(words.language, key):
        return ""
    text, complaints = words.texts.attempt(words.language, key, dict(_values(told, words)))
    return "" if complaints else text


def _values(told: Mapping[str, Any], words: Words) -> dict[str, str | int]:
    return {name: _plain(name, value, words) for name, value in told.items()}


def _plain(name: str, value: Any, words: Words) -> str | int:  # noqa: ANN401  whatever a record holds
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name == "load":
        return words.load(str(value))
    if name in _HASHES and isinstance(value, str):
        return value[:_SHORT]
    if isinstance(value, int | float):
        return _number(name, value, words)
    return str(value)[:_LONGEST]


def _number(name: str, value: float, words: Words) -> str:
    if name in {"from_s", "to_s"}:
        return words.figures.moment(value, 0.0)
    return words.figures.value(name, value)
