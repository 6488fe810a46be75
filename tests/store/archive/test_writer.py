from __future__ import annotations

import datetime as dt
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.store.archive import files, manifest
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.verify import verify
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.errors import ArchiveError
from store.archive.days import DAY, START_S, any_day, telemetry

NEXT = DAY + dt.timedelta(days=1)


def writer(directory: Path) -> ArchiveWriter:
    return ArchiveWriter(directory, HeldClock(wall_s=START_S + 90_000))


@pytest.mark.parametrize("kind", KINDS)
def test_a_day_of_every_kind_comes_back_as_it_went_in(tmp_path: Path, kind: str) -> None:
    table = any_day(kind)
    entry = writer(tmp_path).write_day(kind, DAY, table)
    reader = ArchiveReader(tmp_path)
    assert reader.table(kind).to_pylist() == table.to_pylist()
    assert reader.table(kind).schema.equals(schema(kind))
    assert (reader.days(kind), entry.rows, entry.written_at_s) == ([DAY], 3, START_S + 90_000)
    assert verify(tmp_path) == []


def test_a_file_says_what_it_is_and_what_its_columns_mean(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    told = pq.read_schema(tmp_path / "telemetry/2026-03-01.parquet")
    assert told.metadata[b"bitgrid.kind"] == b"telemetry"
    assert told.metadata[b"bitgrid.schema_version"] == b"1"
    assert told.field("at_s").metadata[b"unit"] == b"s"
    assert all(told.field(name).metadata[b"description"] for name in told.names)


def test_the_manifest_has_a_line_a_file_with_what_others_rely_on(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    (line,) = (tmp_path / manifest.NAME).read_text().splitlines()
    told = json.loads(line)
    path = tmp_path / told["path"]
    assert told == {
        "kind": "telemetry",
        "date": "2026-03-01",
        "path": "telemetry/2026-03-01.parquet",
        "rows": 1,
        "bytes": path.stat().st_size,
        "sha256": files.sha256_of(path),
        "schema_version": "1",
        "written_at_s": START_S + 90_000,
    }


def test_the_same_day_again_writes_nothing(tmp_path: Path) -> None:
    first = writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0, None]))
    before = (tmp_path / first.path).stat()
    assert writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0, None])) == first
    assert (tmp_path / first.path).stat() == before
    assert len((tmp_path / manifest.NAME).read_text().splitlines()) == 1


def test_another_day_under_the_same_date_takes_its_place_and_the_manifest_has_both_lines(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0, 2.0]))
    assert ArchiveReader(tmp_path).table("telemetry").num_rows == 2
    assert len((tmp_path / manifest.NAME).read_text().splitlines()) == 2
    assert verify(tmp_path) == []


def test_what_is_no_number_is_no_value(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([math.nan, math.inf]))
    assert ArchiveReader(tmp_path).table("telemetry")["value"].to_pylist() == [None, math.inf]


@pytest.mark.parametrize(
    "spoiled",
    [
        telemetry([1.0]).drop_columns(["quality"]),
        telemetry([1.0]).set_column(0, "at_s", pa.array([None], pa.float64())),
        telemetry([1.0]).set_column(0, "at_s", pa.array([math.nan], pa.float64())),
        telemetry([1.0]).set_column(0, "at_s", pa.array(["noon"])),
    ],
    ids=["a column missing", "no time", "a time that is none", "a time in words"],
)
def test_rows_that_are_not_of_the_kind_are_refused_and_nothing_is_left(tmp_path: Path, spoiled: pa.Table) -> None:
    with pytest.raises(ArchiveError, match=r"telemetry/2026-03-01.parquet cannot be archived"):
        writer(tmp_path).write_day("telemetry", DAY, spoiled)
    assert not list(tmp_path.rglob("*.parquet*"))


def test_a_disk_that_reads_back_something_else_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = files.write_file

    def lossy(path: Path, kind: str, table: pa.Table, told: dict[bytes, bytes]) -> None:
        honest(path, kind, table.slice(1), told)

    monkeypatch.setattr(files, "write_file", lossy)
    with pytest.raises(ArchiveError, match="reads back differently"):
        writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0, 2.0]))
    assert not list(tmp_path.rglob("*.parquet*"))


class Cut(Exception):
    """The power is gone."""


def cut_at(monkeypatch: pytest.MonkeyPatch, what: str, number: int) -> None:
    """The power goes at the so-manieth call of something that changes the disk."""
    targets: dict[str, tuple[object, str]] = {
        "fsync": (os, "fsync"),
        "rename": (Path, "rename"),
        "line": (manifest, "append"),
        "delete": (Path, "unlink"),
    }
    owner, name = targets[what]
    honest: Callable[..., object] = getattr(owner, name)
    calls = iter(range(100))

    def spoiled(*args: object, **kwargs: object) -> object:
        if next(calls) == number:
            raise Cut
        return honest(*args, **kwargs)

    monkeypatch.setattr(owner, name, spoiled)


CUTS = [(what, number) for what in ("fsync", "rename", "line", "delete") for number in range(5)]


@pytest.mark.parametrize(("what", "number"), CUTS)
def test_wherever_the_power_goes_the_archive_is_in_order_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    old, new = telemetry([1.0]), telemetry([1.0, 2.0])
    writer(tmp_path).write_day("telemetry", DAY, old)
    writer(tmp_path).write_day("telemetry", NEXT, old)
    with monkeypatch.context() as patch:
        cut_at(patch, what, number)
        try:
            writer(tmp_path).write_day("events", DAY, any_day("events"))
            writer(tmp_path).write_day("telemetry", DAY, new)
            writer(tmp_path).drop_day("telemetry", NEXT, "the owner's word")
        except Cut:
            pass
    writer(tmp_path).recover()
    assert verify(tmp_path) == []
    found = ArchiveReader(tmp_path).table("telemetry", DAY, DAY).to_pylist()
    assert found in (old.to_pylist(), new.to_pylist())
    assert writer(tmp_path).recover() == []
    writer(tmp_path).write_day("telemetry", DAY, new)
    writer(tmp_path).write_day("events", DAY, any_day("events"))
    assert ArchiveReader(tmp_path).table("telemetry", DAY, DAY).num_rows == 2
    assert verify(tmp_path) == []


def test_a_file_written_and_not_named_is_named_and_not_written_again(tmp_path: Path) -> None:
    entry = writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    (tmp_path / manifest.NAME).unlink()
    assert ArchiveReader(tmp_path).days("telemetry") == []
    assert [problem.path for problem in verify(tmp_path)] == [entry.path]
    (told,) = writer(tmp_path).recover()
    assert "named now" in told
    assert ArchiveReader(tmp_path).days("telemetry") == [DAY]


def test_a_file_that_nothing_vouches_for_is_set_aside_and_told(tmp_path: Path) -> None:
    (tmp_path / "telemetry").mkdir()
    (tmp_path / "telemetry/2026-03-01.parquet").write_bytes(b"PAR1 and no more")
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    assert (tmp_path / "telemetry/2026-03-01.parquet.aside").read_bytes() == b"PAR1 and no more"
    (problem,) = verify(tmp_path)
    assert "set aside" in problem.what


def test_a_line_torn_by_a_power_cut_is_cut_off_and_no_one_takes_it_for_one(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    with (tmp_path / manifest.NAME).open("ab") as file:
        file.write(b'{"kind":"telemetry","date":"2026-03-02"')
    assert verify(tmp_path) == []
    writer(tmp_path).write_day("telemetry", NEXT, telemetry([1.0]))
    assert ArchiveReader(tmp_path).days("telemetry") == [DAY, NEXT]
    assert verify(tmp_path) == []


def test_a_day_that_was_dropped_stays_dropped(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    writer(tmp_path).drop_day("telemetry", DAY, "the disk was full")
    entry = writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0]))
    assert (entry.state, entry.why) == ("dropped", "the disk was full")
    assert not (tmp_path / entry.path).exists()
    assert verify(tmp_path) == []


def test_a_thinned_file_says_so_in_itself_and_in_the_manifest(tmp_path: Path) -> None:
    writer(tmp_path).write_day("telemetry", DAY, telemetry([1.0, 3.0]))
    entry = writer(tmp_path).thin_day("telemetry", DAY, telemetry([2.0]), "too little room")
    assert (entry.state, entry.rows, entry.why) == ("thinned", 1, "too little room")
    told = files.metadata_of(tmp_path / entry.path)
    assert told[b"bitgrid.thinned"] == b"block means"
    assert verify(tmp_path) == []


def test_only_the_days_asked_for_are_read(tmp_path: Path) -> None:
    days = [DAY + dt.timedelta(days=number) for number in range(4)]
    for number, day in enumerate(days):
        writer(tmp_path).write_day("telemetry", day, telemetry([float(number)]))
    reader = ArchiveReader(tmp_path)
    assert reader.table("telemetry", days[1], days[2])["value"].to_pylist() == [1.0, 2.0]
    assert [path.stem for path in reader.files("telemetry", days[3])] == ["2026-03-04"]
    assert reader.table("states").num_rows == 0


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "at_s": st.floats(allow_nan=False),
            "device": TEXTS,
            "signal": TEXTS,
            "value": st.none() | st.floats(allow_nan=False),
            "quality": st.sampled_from(["good", "stale", "invalid", "missing"]),
        }
    ),
    max_size=30,
)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_whatever_was_measured_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    directory = tmp_path_factory.mktemp("archive")
    table = pa.Table.from_pylist(rows, schema=schema("telemetry"))
    writer(directory).write_day("telemetry", DAY, table)
    found = ArchiveReader(directory).table("telemetry").to_pylist()
    assert repr(found) == repr(table.to_pylist())
    assert found == rows
    assert verify(directory) == []
