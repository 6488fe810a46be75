"""Making a bundle: day by day from the archive, renamed, signed, and there whole or not at all.

Everything is written beside the file that is asked for, in a directory with a dot in front, which is locked,
deleted at the end, and taken over by the next attempt where a power cut left it.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bitgrid
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.kernel import canonical_json
from bitgrid.replay.archive import Archive, Library
from bitgrid.replay.errors import NotArchived
from bitgrid.research.configuration import PLACE_DIGITS, pseudonymised
from bitgrid.research.container import MAX_BYTES, Writer
from bitgrid.research.errors import LimitReached, NothingToExport, NotPseudonymous, ResearchError
from bitgrid.research.layout import (
    ABOUT,
    ARCHIVE,
    CONFIGURATIONS,
    FORECASTS,
    SCHEMA,
    SIGNATURE,
    SUMS,
    Scope,
    sums_text,
)
from bitgrid.research.names import Names
from bitgrid.research.records import Renaming
from bitgrid.research.signing import SigningKey
from bitgrid.research.tables import Tables, within
from bitgrid.store import StoreError
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.files import sync

DAY_S = 86_400
Heard = Callable[[int, int], None]
"""Called with how many of how many days of a kind are done."""


@dataclass(frozen=True)
class Limits:
    """What a bundle may grow to, and how long it may take.

    Args:
        max_bytes: of the finished file.
        max_s: seconds of the machine.
    """

    max_bytes: int = 500_000_000
    max_s: float = 1800.0

    def __post_init__(self) -> None:
        """A zip without extensions ends at 4 GB."""
        if self.max_bytes > MAX_BYTES:
            raise ResearchError(f"a bundle holds at most {MAX_BYTES // 1_000_000} MB")


@dataclass(frozen=True)
class Made:
    """A finished bundle: where, how large, its SHA-256, its rows by kind, and days asked for but not archived."""

    path: Path
    bytes: int
    sha256: str
    rows: dict[str, int]
    missing_days: dict[str, list[str]]


class Exporter:
    """Makes bundles.

    Args:
        archive: the house's archive.
        ledger: for configurations and forecasts by their hashes.
        key: what bundles are signed with.
        clock: for the time limit, and when it was made.
        limits: see there.
    """

    def __init__(
        self, archive: ArchiveReader, ledger: Archive, key: SigningKey, clock: Clock, limits: Limits | None = None
    ) -> None:
        self._archive, self._ledger, self._key, self._clock = archive, ledger, key, clock
        self._limits = limits or Limits()

    def scope_of(self, scope: Scope) -> dict[str, list[dt.date]]:
        """The archived days of each kind that a scope takes in.

        Raises:
            NothingToExport: there are none.
        """
        first, last = _day(scope.from_s), _day(scope.to_s - 1)
        days = {kind: [day for day in self._archive.days(kind) if first <= day <= last] for kind in scope.kinds}
        if not any(days.values()):
            kept = sorted({day for kind in scope.kinds for day in self._archive.days(kind)})
            holds = f"it holds {kept[0]} to {kept[-1]} (UTC days)" if kept else "it holds nothing of these kinds"
            raise NothingToExport(
                f"nothing is archived of {', '.join(scope.kinds)} in that period; {holds}. "
                "A day is archived when it is over; bitgrid archive tells more"
            )
        return days

    def export(self, scope: Scope, bundle_id: str, out: Path, heard: Heard = lambda _done, _all: None) -> Made:
        """Write a bundle to a file that is not there yet.

        Raises:
            ResearchError: nothing was written; the text says why.
        """
        days = self.scope_of(scope)
        if os.path.lexists(out):
            raise ResearchError(f"{out} is there already, and nothing is ever written over. Choose another name")
        try:
            with _workplace(out) as place:
                job = _Job(self._archive, self._ledger, self._clock, self._limits, scope, place)
                told = job.run(days, heard)
                about = self._about(scope, bundle_id, told, job)
                job.write(about, self._key)
                return _put(place / "bundle", out, told.rows, told.missing_days)
        except OSError as error:
            raise ResearchError(f"{out} could not be written ({error.strerror}); nothing was") from None
        except StoreError as error:
            raise ResearchError(f"{error}; nothing was written") from None

    def _about(self, scope: Scope, bundle_id: str, told: _Told, job: _Job) -> dict[str, Any]:
        public = self._key.public
        return {
            "schema": SCHEMA,
            "bundle_id": bundle_id,
            "bitgrid_version": bitgrid.__version__,
            "made_at_s": int(self._clock.now()),
            "scope": {"kinds": list(scope.kinds), "from_s": scope.from_s, "to_s": scope.to_s},
            "pseudonyms": True,
            "place_rounded_to_degrees": 10**-PLACE_DIGITS,
            "rows": told.rows,
            "missing_days": told.missing_days,
            "left_out_rows": job.left_out_rows,
            "configurations": list(job.configurations),
            "forecasts": len(job.forecasts),
            "key": {"id": public.id, "ed25519": public.text},
        }


@dataclass(frozen=True)
class _Told:
    """What came of the days: rows by kind, and days within the scope that are not archived."""

    rows: dict[str, int]
    missing_days: dict[str, list[str]]


class _Job:
    """One bundle in the making."""

    def __init__(  # noqa: PLR0913, PLR0917  all that one bundle is made of
        self, archive: ArchiveReader, ledger: Archive, clock: Clock, limits: Limits, scope: Scope, place: Path
    ) -> None:
        self._archive, self._ledger, self._clock, self._limits = archive, ledger, clock, limits
        self._scope, self._place = scope, place
        self._began_boot_s = clock.boot()
        self._writer = ArchiveWriter(place / ARCHIVE, clock)
        self.configurations: dict[str, Config] = {}
        self.forecasts: dict[str, str] = {}
        self.left_out_rows = 0

    def run(self, days: dict[str, list[dt.date]], heard: Heard) -> _Told:
        """Write every day, renamed."""
        names = Names()
        renaming = Renaming(names, self._renamed_configurations(names))
        newest = next(reversed(self.configurations.values()), None)
        tables = Tables(renaming, None if newest is None else newest.site)
        steps = [(kind, day) for kind in self._scope.kinds for day in days[kind]]
        rows = dict.fromkeys(self._scope.kinds, 0)
        for done, (kind, day) in enumerate(steps):
            heard(done, len(steps))
            self._in_time()
            rows[kind] += self._write_day(tables, kind, day)
        heard(len(steps), len(steps))
        self.left_out_rows = tables.left_out_rows
        for name in sorted(tables.forecasts):
            self.forecasts[name] = self._forecast(name)
        return _Told(rows, {kind: _missing(self._scope, found) for kind, found in days.items()})

    def write(self, about: dict[str, Any], key: SigningKey) -> None:
        """Put everything into one signed file."""
        with (self._place / "bundle").open("xb") as file:
            writer, sums = Writer(file, self._limits.max_bytes), {}
            for name, content in self._members(about):
                self._in_time()
                writer.add(name, content)
                sums[name] = hashlib.sha256(content).hexdigest()
            text = sums_text(sums)
            writer.add(SUMS, text)
            writer.add(SIGNATURE, key.sign(text))
            writer.finish()

    def _members(self, about: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
        """Every file but the sums, in the order of their names."""
        archive = self._place / ARCHIVE
        for path in sorted((file for file in archive.rglob("*") if file.is_file()), key=Path.as_posix):
            yield f"{ARCHIVE}/{path.relative_to(archive).as_posix()}", path.read_bytes()
        yield ABOUT, json.dumps(about, sort_keys=True, indent=1).encode()
        for name in sorted(self.configurations):
            yield f"{CONFIGURATIONS}/{name}.json", self.configurations[name].canonical_json.encode()
        for name, text in self.forecasts.items():
            yield f"{FORECASTS}/{name}.json", text.encode()

    def _write_day(self, tables: Tables, kind: str, day: dt.date) -> int:
        table = within(self._archive.table(kind, day, day), self._scope.from_s, self._scope.to_s)
        decisions = self._archive.table("decisions", day, day) if kind == "explain_sessions" else table
        renamed = tables.renamed(kind, table, decisions)
        self._writer.write_day(kind, day, renamed)
        return int(renamed.num_rows)

    def _renamed_configurations(self, names: Names) -> dict[str, str]:
        """The configurations the period was decided by, renamed, in the order in which they were in force."""
        library, renamed = Library(self._ledger), {}
        for name in self._configurations_in_force():
            try:
                config = pseudonymised(library.rulebook(name).config, names)
            except NotArchived as error:
                raise NotPseudonymous(f"{error}; without it its names cannot be replaced") from None
            renamed[name] = config.config_hash
            self.configurations[config.config_hash] = config
        return renamed

    def _configurations_in_force(self) -> dict[str, None]:
        found: dict[str, None] = {}
        first, last = _day(self._scope.from_s), _day(self._scope.to_s - 1)
        for day in self._archive.days("decisions"):
            if first <= day <= last:
                self._in_time()
                table = within(self._archive.table("decisions", day, day), self._scope.from_s, self._scope.to_s)
                records = (json.loads(record.as_py()) for record in table["record"])
                found.update(dict.fromkeys(record["state"]["config_hash"] for record in records))
        return found

    def _forecast(self, name: str) -> str:
        text = self._ledger.forecast(name)
        if text is None:
            raise ResearchError(
                f"the forecast {name[:12]}… of a decision is not in the ledger; nothing was written"
            )
        return canonical_json(json.loads(text))

    def _in_time(self) -> None:
        took_s = (self._clock.boot() - self._began_boot_s) / self._clock.speed
        if took_s > self._limits.max_s:
            raise LimitReached(
                f"the bundle took longer than {self._limits.max_s / 60:.0f} minutes, so nothing was written. "
                "Choose a shorter period or fewer kinds, or allow more with --max-minutes"
            )


def _put(unfinished: Path, out: Path, rows: dict[str, int], missing_days: dict[str, list[str]]) -> Made:
    """Give the finished file its name."""
    with unfinished.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = unfinished.stat().st_size
    if os.path.lexists(out):
        raise ResearchError(f"{out} has come to be meanwhile, and nothing is ever written over")
    unfinished.rename(out)
    sync(out.parent)
    return Made(out, size, digest, rows, missing_days)


@contextmanager
def _workplace(out: Path) -> Iterator[Path]:
    """A directory beside the file, for one export at a time; gone afterwards."""
    place = out.parent / f".{out.name}.unfinished"
    place.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResearchError(f"another export to {out} runs; wait for it, or choose another name") from None
        for leftover in place.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(handle)


def _day(at_s: int) -> dt.date:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date()


def _missing(scope: Scope, found: list[dt.date]) -> list[str]:
    """Days between the first and the last of a scope that are not archived."""
    first, last = _day(scope.from_s), _day(scope.to_s - 1)
    days = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    return [day.isoformat() for day in days if day not in found]
