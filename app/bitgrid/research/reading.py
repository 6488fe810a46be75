"""Reading a bundle, on any machine: what it is and who signed it is settled before anything in it is believed.

Nothing is unpacked to the disk. A bundle that was verified is an archive of records, configurations and forecasts,
as the ledger is one, so replay and simulation read either.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bitgrid.research.container import Reader
from bitgrid.research.errors import BadBundle
from bitgrid.research.layout import (
    ABOUT,
    ARCHIVE,
    CONFIGURATIONS,
    FORECASTS,
    MANIFEST,
    SCHEMA,
    SIGNATURE,
    SUMS,
    belongs,
    day_path,
    sums_text,
)
from bitgrid.research.signing import PublicKey
from bitgrid.store import DecisionRow
from bitgrid.store.archive.schema import schema
from bitgrid.store.chain import GENESIS, event_payload, link

MAX_ROWS = 5_000_000
MAX_UNPACKED_BYTES = 1_000_000_000
"""Of one day of one kind; more is no day of a home."""
MAX_TEXT_BYTES = 64_000_000
_BATCH = 500
_ALWAYS_LAST = {SUMS: 1, SIGNATURE: 2}
Heard = Callable[[int, int], None]


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Key(_Told):
    id: str
    ed25519: str


class _Scope(_Told):
    kinds: list[str]
    from_s: int
    to_s: int


class About(_Told):
    """What a bundle says of itself in bundle.json; ``configurations`` in the order in which they were in force."""

    schema_: int = Field(alias="schema")
    bundle_id: str
    bitgrid_version: str
    made_at_s: int
    scope: _Scope
    pseudonyms: bool
    rows: dict[str, int]
    missing_days: dict[str, list[str]]
    left_out_rows: int = 0
    configurations: list[str]
    key: _Key


@dataclass(frozen=True)
class Verified:
    """A bundle that is as it was signed: what it says of itself, and by which key."""

    about: About
    key: PublicKey
    files: int


class Bundle:
    """An open bundle; `verify` comes before everything else.

    Args:
        reader: its file.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def verify(self, heard: Heard = lambda _done, _all: None) -> Verified:
        """Hold every byte against the sums, the sums against the signature, the contents against each other.

        Args:
            heard: called with how many of how many files are read.

        Raises:
            BadBundle: something is not as it was signed, or was signed wrong.
        """
        self._has_what_belongs()
        sums = self._sums(heard)
        if self._reader.read(SUMS) != sums_text(sums):
            raise BadBundle(f"{SUMS} does not fit what the bundle holds: something in it was changed")
        about = self._about()
        key = PublicKey.from_text(about.key.ed25519)
        if key.id != about.key.id or not key.has_signed(self._reader.read(SUMS), self._reader.read(SIGNATURE)):
            raise BadBundle(f"the signature is not of the key {about.key.id} and these files; it was changed")
        self._fits_together(about, sums)
        return Verified(about, key, len(self._reader.members))

    def records(self) -> Iterator[DecisionRow]:
        """Every decision, oldest first, one at a time."""
        for path in self._days("decisions"):
            for row in self._rows("decisions", path):
                key = (row["load"], row["clock_epoch"], row["block"], row["trigger"], row["at_s"])
                yield DecisionRow(*key, row["record"], row["seq"])

    def configuration(self, config_hash: str) -> str | None:
        """The canonical JSON of a configuration; None where it is not known."""
        return self._text(f"{CONFIGURATIONS}/{config_hash}.json")

    def forecast(self, forecast_hash: str) -> str | None:
        """The canonical JSON of a forecast; None where it is not known."""
        return self._text(f"{FORECASTS}/{forecast_hash}.json")

    def _has_what_belongs(self) -> None:
        names = list(self._reader.members)
        strange = [name for name in names if not belongs(name)]
        if strange:
            raise BadBundle(f"it holds {strange[0]}, which belongs in no bundle")
        if names != sorted(names, key=_place):
            raise BadBundle("its files are not in order")
        lacking = [name for name in (ABOUT, SUMS, SIGNATURE) if name not in names]
        if lacking:
            raise BadBundle(f"it lacks {', '.join(lacking)}")

    def _sums(self, heard: Heard) -> dict[str, str]:
        """The SHA-256 of every file that is summed; the container's own check of each goes with it."""
        sums, members = {}, self._reader.members
        for done, member in enumerate(members.values(), 1):
            digest, crc = hashlib.sha256(), 0
            for chunk in self._reader.chunks(member.name):
                digest.update(chunk)
                crc = zlib.crc32(chunk, crc)
            if crc != member.crc:
                raise BadBundle(f"{member.name} was changed: its check sum is another")
            if member.name not in _ALWAYS_LAST:
                sums[member.name] = digest.hexdigest()
            heard(done, len(members))
        return sums

    def _about(self) -> About:
        text = self._text(ABOUT) or ""
        try:
            about = About.model_validate_json(text)
        except ValidationError as error:
            raise BadBundle(f"{ABOUT} cannot be read: {error.errors()[0]['msg']}") from None
        if about.schema_ != SCHEMA:
            raise BadBundle(f"{ABOUT} is of schema {about.schema_}; this BitGrid reads {SCHEMA}. Take a newer one")
        return about

    def _fits_together(self, about: About, sums: dict[str, str]) -> None:
        """What is signed may still be wrong: names that are no hashes, a manifest of others, broken chains."""
        for folder in (CONFIGURATIONS, FORECASTS):
            for name in self._reader.members:
                if name.startswith(f"{folder}/") and sums[name] != name.split("/")[1].removesuffix(".json"):
                    raise BadBundle(f"{name} does not have the hash that it is named by")
        lacking = [name for name in about.configurations if f"{CONFIGURATIONS}/{name}.json" not in sums]
        if lacking:
            raise BadBundle(f"it lacks the configuration {lacking[0][:12]}… that {ABOUT} names")
        days = {name: sums[name] for name in self._reader.members if name.endswith(".parquet")}
        told = self._manifest()
        if {path: entry["sha256"] for path, entry in told.items()} != days:
            raise BadBundle(f"{MANIFEST} does not name the files that are there, or with other sums")
        rows = dict.fromkeys(about.scope.kinds, 0)
        for path, entry in told.items():
            if entry["kind"] not in rows or path != day_path(entry["kind"], entry["date"]):
                raise BadBundle(f"{path} is not of the kinds that {ABOUT} names")
            rows[entry["kind"]] += entry["rows"]
        if rows != about.rows:
            raise BadBundle(f"{ABOUT} counts other rows than {MANIFEST}")
        for kind in ("decisions", "events"):
            self._has_chain(kind)

    def _has_chain(self, kind: str) -> None:
        before = GENESIS
        for path in self._days(kind):
            for row in self._rows(kind, path):
                payload = (
                    row["record"]
                    if kind == "decisions"
                    else event_payload(row["at_s"], row["kind"], row["record"])
                )
                before = link(before, payload)
                if row["hash"] != before:
                    raise BadBundle(f"{path}: the record {row['seq']} does not follow the one before it")

    def _manifest(self) -> dict[str, dict[str, Any]]:
        """What the manifest says of each file, by its place in the bundle."""
        lines = (self._text(MANIFEST) or "").splitlines()
        try:
            entries = [json.loads(line) for line in lines]
            return {f"{ARCHIVE}/{entry['path']}": entry for entry in entries}
        except (ValueError, KeyError, TypeError) as error:
            raise BadBundle(f"{MANIFEST} cannot be read ({error})") from None

    def _days(self, kind: str) -> list[str]:
        return [name for name in self._reader.members if name.startswith(f"{ARCHIVE}/{kind}/")]

    def _rows(self, kind: str, path: str) -> Iterator[dict[str, Any]]:
        """A day's rows, some at a time; a text that stands often is held once, so that no file grows in memory."""
        wanted = schema(kind)
        texts = [field.name for field in wanted if not pa.types.is_primitive(field.type)]
        try:
            file = pq.ParquetFile(pa.BufferReader(self._reader.read(path)), read_dictionary=texts)
            told = file.metadata
            unpacked = sum(told.row_group(number).total_byte_size for number in range(told.num_row_groups))
            if told.num_rows > MAX_ROWS or unpacked > MAX_UNPACKED_BYTES:
                raise BadBundle(
                    f"{path} unpacks to {told.num_rows} rows, {unpacked / 1e6:.0f} MB; no day has as many"
                )
            if file.schema_arrow.names != wanted.names:
                raise BadBundle(f"{path} has other columns than a day of {kind}")
            for batch in file.iter_batches(_BATCH):
                for number in range(batch.num_rows):
                    yield {name: batch.column(name)[number].as_py() for name in wanted.names}
        except (pa.ArrowException, OSError) as error:
            raise BadBundle(f"{path} cannot be read: {error}") from None

    def _text(self, name: str) -> str | None:
        member = self._reader.members.get(name)
        if member is None:
            return None
        if member.size > MAX_TEXT_BYTES:
            raise BadBundle(f"{name} is larger than any such file is")
        try:
            return self._reader.read(name).decode()
        except UnicodeDecodeError:
            raise BadBundle(f"{name} is no text") from None


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """A bundle's file, open, its layout checked.

    Raises:
        BadBundle: it cannot be read, or is no bundle; the text names the file.
    """
    try:
        with path.open("rb") as file:
            yield Bundle(Reader(file))
    except OSError as error:
        raise BadBundle(f"{path} cannot be read ({error.strerror})") from None
    except BadBundle as error:
        raise BadBundle(f"{path} is no bundle to be believed: {error}") from None


def _place(name: str) -> tuple[int, str]:
    return _ALWAYS_LAST.get(name, 0), name
