"""One decision of the past: explained as shortly, as fully and as technically as asked, and derived again.

Reads the ledger. What it would have taken to decide otherwise is asked of the kernel, on the recorded state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.explain import RecordView, VoteView, read_record
from bitgrid.kernel.counterfactual import counterfactuals
from bitgrid.replay.archive import Library
from bitgrid.replay.errors import ReplayError
from bitgrid.replay.replaying import Difference, Replayer, derive
from bitgrid.store import Ledger, StoreError
from bitgrid.web import ladder
from bitgrid.web.days import Told
from bitgrid.web.words import UNKNOWN, Words

MOST_DIFFERENCES = 30
_MISSING = "—"


@dataclass(frozen=True)
class Measured:
    """A signal that was decided on."""

    name: str
    key: str
    value: str
    age: str
    quality: str
    source: str


@dataclass(frozen=True)
class Vote:
    """A vote as recorded: names and values, not words."""

    rule: str
    rank: int
    vote: str
    code: str
    inputs: str
    thresholds: str
    margin: str


@dataclass(frozen=True)
class Changed:
    """A place where a record is not what the kernel derives."""

    path: str
    recorded: str
    derived: str


@dataclass(frozen=True)
class Replayed:
    """What came of deriving a decision again.

    Args:
        size: of the record, bytes.
        sha256: of it, in hexadecimal.
        is_same: whether every byte is.
        changed: where values differ; where there are none and it is not the same, it is written in another form.
        lost: why nothing could be derived, as the replay says it; else empty.
    """

    size: int
    sha256: str
    is_same: bool = False
    changed: list[Changed] = field(default_factory=list)
    lost: str = ""


@dataclass(frozen=True)
class Picked:
    """A decision in three depths; ``raw`` is its record, laid out for reading."""

    told: Told
    sentence: str
    warning: str
    rungs: list[ladder.Rung]
    alternatives: list[str]
    remarks: list[str]
    votes: list[Vote]
    signals: list[Measured]
    facts: list[tuple[str, str]]
    raw: str


def pick(told: Told, ledger: Path, words: Words) -> Picked:
    """Explain a decision.

    Args:
        told: which.
        ledger: directory of the ledger it is in.
        words: in which language.
    """
    view = told.view
    raw = json.dumps(told.record, indent=2, ensure_ascii=False, sort_keys=True) if told.record else told.row.record
    facts = [("id", told.row.id), ("seq", str(told.row.seq)), ("trigger", told.row.trigger)]
    if view is None:
        sentence = words.explainer.explain({}, words.language)
        return Picked(told, sentence, "", [], [], [], [], [], facts, raw)
    return Picked(
        told,
        words.sentence(view),
        words.warning(view),
        ladder.rungs(view, words),
        words.alternatives(_with_alternatives(told, ledger) or view),
        words.remarks(view),
        [_vote(vote) for vote in view.votes],
        list(_signals(told, words)),
        [*facts, *_named(told.record)],
        raw,
    )


def replayed(told: Told, ledger: Path) -> Replayed:
    """Have the kernel derive a decision again, from what was recorded with it, and compare every byte."""
    row = told.row
    size, digest = len(row.record.encode()), hashlib.sha256(row.record.encode()).hexdigest()
    reading = Ledger(ledger, read_only=True)
    try:
        found = Replayer(reading).check(row)
    except StoreError as error:
        return Replayed(size, digest, lost=str(error))
    finally:
        reading.close()
    lost = next((one.what for one in found if not one.derived), "")
    changed = [] if lost else [change for one in found for change in _changes(one)]
    return Replayed(size, digest, not found, changed[:MOST_DIFFERENCES], lost)


def _with_alternatives(told: Told, ledger: Path) -> RecordView | None:
    """The record with what would have changed it, which the ledger does not keep; None: it cannot be derived."""
    reading = Ledger(ledger, read_only=True)
    try:
        decision = derive(told.row, told.record, Library(reading))
    except (ReplayError, StoreError, ValueError, KeyError, TypeError, AttributeError):
        return None
    finally:
        reading.close()
    found = [one.record() for one in counterfactuals(decision)]
    return read_record({**told.record["decision"], "state": told.record["state"], "counterfactuals": found})


def _vote(vote: VoteView) -> Vote:
    margin = UNKNOWN if vote.margin is None else f"{vote.margin:g} ({vote.margin_input})"
    demand = vote.vote if vote.level is None else f"{vote.vote} {vote.level}"
    return Vote(vote.rule, vote.rank, demand, vote.code, _pairs(vote.inputs), _pairs(vote.thresholds), margin)


def _pairs(values: Mapping[str, int | float | None]) -> str:
    return ", ".join(f"{name} {UNKNOWN if v is None else format(v, 'g')}" for name, v in values.items()) or UNKNOWN


def _signals(told: Told, words: Words) -> Iterator[Measured]:
    """Every signal, by name; its value as the kernel saw it."""
    sources = told.record["state"]["signals"]
    for key, signal in sorted({} if told.view is None else told.view.state.signals.items()):
        name = words.explainer.signal_name(key, words.language)
        value = UNKNOWN if signal.value is None else words.figures.value(key, signal.value)
        age = UNKNOWN if signal.age_s is None else words.figures.duration(signal.age_s)
        quality = words.either(f"quality-{signal.quality}", signal.quality)
        yield Measured(name, key, value, age, quality, str(sources[key].get("source", "")))


def _named(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What else it was made from: the rest of the state, and the memory."""
    for part in ("state", "memory"):
        for name, value in sorted(record[part].items()):
            if name != "signals":
                yield f"{part}.{name}", json.dumps(value, ensure_ascii=False)


def _changes(one: Difference) -> Iterator[Changed]:
    """Where two pieces of JSON differ, place by place."""
    try:
        yield from _walk("", json.loads(one.recorded), json.loads(one.derived))
    except ValueError:
        yield Changed("", one.recorded, one.derived)


def _walk(path: str, recorded: Any, derived: Any) -> Iterator[Changed]:  # noqa: ANN401  JSON
    if isinstance(recorded, dict) and isinstance(derived, dict):
        for name in sorted(recorded.keys() | derived.keys()):
            below = f"{path}.{name}" if path else name
            yield from _walk(below, recorded.get(name, _MISSING), derived.get(name, _MISSING))
    elif isinstance(recorded, list) and isinstance(derived, list) and len(recorded) == len(derived):
        for index, pair in enumerate(zip(recorded, derived, strict=True)):
            yield from _walk(f"{path}[{index}]", *pair)
    elif _said(recorded) != _said(derived):  # as text: to Python 1, 1.0 and true are the same
        yield Changed(path, _said(recorded), _said(derived))


def _said(value: Any) -> str:  # noqa: ANN401  JSON
    return _MISSING if value == _MISSING else json.dumps(value, ensure_ascii=False)
