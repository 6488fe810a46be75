"""What is thinned and dropped by itself, and what never is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.store.archive import manifest
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.hot import start_of
from bitgrid.store.archive.manifest import Entry
from bitgrid.store.archive.retention import Limits, Retention, by_age, by_room
from bitgrid.store.archive.verify import verify
from bitgrid.store.archive.writer import ArchiveWriter
from store.archive.days import DAY, any_day, telemetry

MB = 1_000_000
AMPLE = Limits(1000, 1000, 0, 0)
PROTECTED = sorted(set(KINDS) - {"telemetry"})


def entry(day: dt.date, state: str) -> Entry:
    path = manifest.path_of("telemetry", day)
    return Entry("telemetry", day.isoformat(), path, 1, 1, "", 0, state=state)


LIMITS = st.tuples(st.integers(1, 12), st.integers(0, 12)).map(
    lambda told: Limits(told[0], told[0] + told[1], 10 * MB, 5 * MB)
)
"""Never fewer days kept than kept whole, which the configuration refuses."""
STATES = st.lists(st.sampled_from([manifest.WHOLE, manifest.THINNED]), max_size=20)
WHOLE_MB, THINNED_MB = 3, 1


def size(kept: list[Entry]) -> int:
    return sum(THINNED_MB if told.is_thinned else WHOLE_MB for told in kept) * MB


@settings(max_examples=300, deadline=None)
@given(states=STATES, limits=LIMITS, other_mb=st.integers(0, 80))
def test_retention_ends_within_its_limits_and_the_newest_are_what_is_kept(
    states: list[str], limits: Limits, other_mb: int
) -> None:
    kept = [entry(DAY + dt.timedelta(days=number), state) for number, state in enumerate(states)]
    before, disk = list(kept), 60 * MB
    free = lambda: disk - size(kept) - other_mb * MB  # noqa: E731
    acts = []
    while (act := by_age(kept, limits) or by_room(kept, limits, free())) is not None:
        assert len(acts) <= 2 * len(states)
        acts.append(act)
        if act.verb == "drop":
            assert act.day == kept[0].day
            kept = kept[1:]
        else:
            assert act.day == next(told.day for told in kept if not told.is_thinned)
            kept = [entry(told.day, manifest.THINNED) if told.day == act.day else told for told in kept]
    assert len(kept) <= limits.keep_days
    assert all(told.is_thinned for told in kept[: max(0, len(kept) - limits.full_days)])
    assert not kept or free() >= limits.min_free_bytes
    assert [told.day for told in kept] == [told.day for told in before[len(before) - len(kept) :]]
    room_drops = [act for act in acts if act.verb == "drop" and "free" in act.why]
    assert not room_drops or all(told.is_thinned for told in kept)


@settings(max_examples=100, deadline=None)
@given(states=STATES, limits=LIMITS)
def test_where_there_is_room_and_no_age_nothing_is_done(states: list[str], limits: Limits) -> None:
    kept = [entry(DAY + dt.timedelta(days=number), state) for number, state in enumerate(states)]
    assert by_room(kept, limits, limits.min_free_bytes) is None
    assert by_age(kept[-limits.full_days :], limits) is None


def filled(directory: Path, days: int) -> ArchiveWriter:
    writer = ArchiveWriter(directory, HeldClock())
    for number in range(days):
        day = DAY + dt.timedelta(days=number)
        writer.write_day("telemetry", day, telemetry([float(number)] * 5, start_of(day)))
        for kind in PROTECTED:
            writer.write_day(kind, day, any_day(kind))
    return writer


@settings(max_examples=12, deadline=None)
@given(days=st.integers(1, 5), full=st.integers(1, 4), more=st.integers(0, 3), is_tight=st.booleans())
def test_nothing_but_telemetry_goes_and_a_second_time_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, days: int, full: int, more: int, is_tight: bool
) -> None:
    directory = tmp_path_factory.mktemp("archive")
    writer = filled(directory, days)
    limits = Limits(full, full + more, 2, 1)
    retention = Retention(directory, writer, limits, lambda: 0 if is_tight else 10)
    assert retention.keep().problems == []
    known = manifest.load(directory)
    assert all(len(known.kept(kind)) == days for kind in PROTECTED)
    assert len(known.kept("telemetry")) == (0 if is_tight else min(days, full + more))
    assert retention.keep().done == []
    assert verify(directory) == []


def test_it_stops_as_soon_as_there_is_room(tmp_path: Path) -> None:
    writer = filled(tmp_path, 4)
    told = iter([0, 0, 10, 10])
    kept = Retention(tmp_path, writer, Limits(1000, 1000, 2, 1), lambda: next(told)).keep()
    assert [(act.verb, act.day) for act in kept.done] == [("thin", DAY), ("thin", DAY + dt.timedelta(days=1))]


def test_it_does_some_and_says_that_there_is_more(tmp_path: Path) -> None:
    writer = filled(tmp_path, 4)
    kept = Retention(tmp_path, writer, Limits(1, 1000, 2, 1), lambda: 10).keep(most=2)
    assert (len(kept.done), kept.is_more) == (2, True)


def test_a_file_that_cannot_be_read_is_told_and_keeps_no_other_from_being_thinned(tmp_path: Path) -> None:
    writer = filled(tmp_path, 3)
    path = tmp_path / manifest.path_of("telemetry", DAY)
    path.write_bytes(b"spoiled")
    kept = Retention(tmp_path, writer, Limits(1, 1000, 2, 1), lambda: 10).keep()
    assert [act.day for act in kept.done] == [DAY + dt.timedelta(days=1)]
    assert "cannot be read" in kept.problems[0]


def test_why_a_day_was_thinned_is_in_the_manifest(tmp_path: Path) -> None:
    writer = filled(tmp_path, 2)
    Retention(tmp_path, writer, Limits(1, 1000, 2, 1), lambda: 10).keep()
    told = manifest.load(tmp_path).find("telemetry", DAY)
    assert told is not None
    assert (told.state, told.why) == ("thinned", "more than 1 days are there whole")
