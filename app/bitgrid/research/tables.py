"""A day of the archive under other names, kind by kind; columns that hold no name pass through untouched.

Records get hashes of the bundle's own, made as the ledger makes its own (`store.chain`): each links to the one
before it of its kind in the bundle, the first to 64 zeros.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bitgrid.config import Site
from bitgrid.explain import LANGUAGES, Explainer, read_record
from bitgrid.kernel import canonical_json
from bitgrid.research.records import Renaming
from bitgrid.store.archive.schema import schema
from bitgrid.store.chain import GENESIS, event_payload, link

_Json = dict[str, Any]
_Rename = Callable[[str], str | None]


class Tables:
    """Renames the tables of one bundle; days must come in order.

    Args:
        renaming: the names.
        site: the renamed house, for what is said of its decisions; None: nothing is.
    """

    def __init__(self, renaming: Renaming, site: Site | None) -> None:
        self._renaming, self._names = renaming, renaming.names
        self._explainer = None if site is None else Explainer(site)
        self._hash = {"decisions": GENESIS, "events": GENESIS}
        self.forecasts: set[str] = set()
        self.left_out_rows = 0

    def renamed(self, kind: str, table: pa.Table, decisions: pa.Table) -> pa.Table:
        """A day's rows.

        Args:
            kind: of the archive.
            table: the day as archived.
            decisions: the same day's decisions, for explain sessions, which are told anew from them.

        Raises:
            NotPseudonymous: a record holds what cannot be replaced.
        """
        table = table.unify_dictionaries().combine_chunks()
        if kind == "telemetry":
            return self._without_unknown(_mapped(table, device=self._names.device, signal=self._names.signal))
        if kind == "states":
            return self._without_unknown(_mapped(table, signal=self._names.signal, source=self._names.source))
        if kind == "energy_to_value":
            return _mapped(table, load=self._names.load)
        rows = {"decisions": self._decisions, "events": self._events}.get(kind)
        told = self._sessions(table, decisions) if rows is None else rows(table)
        return pa.Table.from_pylist(list(told), schema=schema(kind))

    def _without_unknown(self, table: pa.Table) -> pa.Table:
        """Rows of signals that the product does not know are left out, and counted."""
        known = table.filter(pc.is_valid(table["signal"]))
        self.left_out_rows += table.num_rows - known.num_rows
        return known

    def _decisions(self, table: pa.Table) -> Iterator[_Json]:
        for row in table.to_pylist():
            record = self._renaming.decision(json.loads(row["record"]))
            if record["state"]["forecast"] is not None:
                self.forecasts.add(record["state"]["forecast"])
            text = canonical_json(record)
            names = {"load": self._names.load(row["load"]), "level": self._names.level(row["level"])}
            yield {**row, **names, "record": text, "hash": self._linked("decisions", text)}

    def _events(self, table: pa.Table) -> Iterator[_Json]:
        for row in table.to_pylist():
            text = canonical_json(self._renaming.event(json.loads(row["record"])))
            payload = event_payload(row["at_s"], row["kind"], text)
            yield {**row, "record": text, "hash": self._linked("events", payload)}

    def _sessions(self, table: pa.Table, decisions: pa.Table) -> Iterator[_Json]:
        """What was told of each decision, told anew of the renamed one: no text of the house is taken over."""
        records = {_id(row): row["record"] for row in decisions.to_pylist()}
        for row in table.to_pylist():
            record = records.get(row["decision_id"])
            if record is None or self._explainer is None:
                self.left_out_rows += 1
                continue
            renamed = self._renaming.decision(json.loads(record))
            view = read_record({**renamed["decision"], "state": renamed["state"]})
            if view is None:
                self.left_out_rows += 1
                continue
            texts = {language: self._explainer.texts_of(view, language) for language in LANGUAGES}
            names = {
                "decision_id": self._names.decision_id(row["decision_id"]),
                "load": self._names.load(row["load"]),
            }
            yield {**row, **names, "texts": canonical_json(texts)}

    def _linked(self, kind: str, payload: str) -> str:
        self._hash[kind] = link(self._hash[kind], payload)
        return self._hash[kind]


def within(table: pa.Table, from_s: int, to_s: int) -> pa.Table:
    """The rows of a period, its end left out."""
    at = table["at_s"]
    return table.filter(pc.and_(pc.greater_equal(at, from_s), pc.less(at, to_s)))


def _id(row: _Json) -> str:
    return f"{row['load']}-{row['clock_epoch']}-{row['block']}-{row['trigger'].lower()}-{row['at_s']}"


def _mapped(table: pa.Table, **columns: _Rename) -> pa.Table:
    """Columns of names with each different name replaced; what has no new name is null."""
    for name, rename in columns.items():
        number = table.schema.get_field_index(name)
        told = table.column(number).combine_chunks()
        array = told.chunk(0) if isinstance(told, pa.ChunkedArray) else told
        words = pa.array([_or_none(rename, word) for word in array.dictionary.to_pylist()], pa.string())
        replaced = words.take(array.indices).dictionary_encode()
        table = table.set_column(number, table.schema.field(number).with_nullable(nullable=True), replaced)
    return table


def _or_none(rename: _Rename, word: str | None) -> str | None:
    return None if word is None else rename(word)
