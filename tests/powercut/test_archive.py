from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store.archive import manifest
from bitgrid.store.archive.verify import verify
from bitgrid.store.archive.writer import ArchiveWriter
from powercut import archive_days
from powercut.judge import judge
from powercut.recording import record


def test_no_cut_takes_an_archived_day_or_leaves_one_in_part() -> None:
    verdict = judge(record("powercut.sabotage_archive:in_place"), archive_days.check, every=1000, at_most=14)
    found = list(map(str, verdict.failures))
    assert [told for told in found if "manifest.jsonl, line" not in told] == [], "the other is told below"
    assert verdict.at_syncs > 10


def test_nor_where_the_directories_are_new() -> None:
    verdict = judge(record("powercut.archive_days:play"), archive_days.check, every=1000, at_most=10)
    assert list(map(str, verdict.failures)) == []


def test_a_line_of_the_manifest_whose_beginning_was_not_written_is_none(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path, HeldClock())
    for day in range(2):
        writer.write_day("events", archive_days.FIRST.replace(day=day + 1), archive_days.table("events", 3))
    path = tmp_path / manifest.NAME
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + bytes(100) + second[100:])
    ArchiveWriter(tmp_path, HeldClock()).recover()
    assert verify(tmp_path) == []


@pytest.mark.parametrize("careless", ["never_synced", "unnamed"])
def test_an_archive_that_is_careless_in_one_thing_is_caught(careless: str) -> None:
    recording = record(f"powercut.sabotage_archive:{careless}")
    assert judge(recording, archive_days.check, every=10, at_most=9).failed
