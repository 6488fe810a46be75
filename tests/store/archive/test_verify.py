from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.store.archive import manifest
from bitgrid.store.archive.verify import verify
from bitgrid.store.archive.writer import ArchiveWriter
from store.archive.days import DAY, any_day, telemetry

FILE = "telemetry/2026-03-01.parquet"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    writer = ArchiveWriter(tmp_path, HeldClock())
    writer.write_day("telemetry", DAY, telemetry([1.0, 2.0, None]))
    writer.write_day("events", DAY, any_day("events"))
    return tmp_path


def another_kind(path: Path) -> None:
    pq.write_table(any_day("events"), path)


def added(path: Path) -> None:
    path.with_name("2026-03-02.parquet").write_bytes(path.read_bytes())


def rewritten_manifest(path: Path) -> None:
    told = path.parents[1] / manifest.NAME
    told.write_text(told.read_text().replace('"rows":3', '"rows":4', 1))


def unreadable_line(path: Path) -> None:
    told = path.parents[1] / manifest.NAME
    told.write_text("no line\n" + told.read_text())


def another_place(path: Path) -> None:
    told = path.parents[1] / manifest.NAME
    told.write_text(
        told.read_text() + told.read_text().splitlines()[0].replace(FILE, "../elsewhere.parquet") + "\n"
    )


@pytest.mark.parametrize(
    ("spoil", "where", "what"),
    [
        (Path.unlink, FILE, "is missing"),
        (another_kind, FILE, "SHA-256 is not the manifest's"),
        (added, "telemetry/2026-03-02.parquet", "not in the manifest"),
        (rewritten_manifest, FILE, "holds 3 rows, the manifest says 4"),
        (unreadable_line, manifest.NAME, "line 1 cannot be read"),
        (another_place, manifest.NAME, "line 3 cannot be read"),
    ],
)
def test_what_was_spoiled_is_named(archive: Path, spoil: Callable[[Path], None], where: str, what: str) -> None:
    assert verify(archive) == []
    spoil(archive / FILE)
    found = verify(archive)
    assert [problem.path for problem in found][:1] == [where]
    assert what in found[0].what


def test_a_hash_made_to_fit_does_not_hide_that_the_file_is_another_kind(archive: Path) -> None:
    (archive / FILE).write_bytes((archive / "events/2026-03-01.parquet").read_bytes())
    entry = manifest.load(archive).entries["events/2026-03-01.parquet"]
    lie = manifest.Entry("telemetry", entry.date, FILE, entry.rows, entry.bytes, entry.sha256, 0)
    manifest.append(archive, lie)
    assert any("says its kind is events" in problem.what for problem in verify(archive))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_can_change_unnoticed(archive: Path, data: st.DataObject) -> None:
    path = archive / FILE
    honest = path.read_bytes()
    place = data.draw(st.integers(0, len(honest) - 1))
    bit = data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
    spoiled = bytearray(honest)
    spoiled[place] ^= bit
    path.write_bytes(bytes(spoiled))
    try:
        assert [problem.path for problem in verify(archive)] == [FILE]
    finally:
        path.write_bytes(honest)
