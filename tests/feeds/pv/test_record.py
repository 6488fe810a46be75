"""What the store remembers, as one array: holes stay holes, and what no roof yields is left out."""

from __future__ import annotations

import math

from bitgrid.feeds.pv.record import record_of
from bitgrid.store.feeds import BlockMeans


def rows(*watts: int | None) -> list[BlockMeans]:
    return [BlockMeans(6000 + 600 * index, value, 300) for index, value in enumerate(watts)]


def test_blocks_stand_where_they_belong_and_holes_stay_holes() -> None:
    record = record_of(rows(100, None, 300), 600)
    assert (record.first_block, record.end_block) == (10, 13)
    assert record.at(10) == 100
    assert math.isnan(record.at(11))
    assert record.at(12) == 300
    assert math.isnan(record.at(9))
    assert math.isnan(record.at(13))


def test_a_little_drawn_at_night_is_no_yield_and_more_is_no_reading() -> None:
    record = record_of(rows(-20, -4000, 500), 600)
    assert record.at(10) == 0
    assert math.isnan(record.at(11))


def test_what_no_roof_yields_is_left_out() -> None:
    absurd = record_of([*rows(*[2000] * 60), BlockMeans(0, 10**9, 300), BlockMeans(600, 90_000, 300)], 600)
    assert math.isnan(absurd.at(0))
    assert math.isnan(absurd.at(1))
    assert absurd.at(10) == 2000


def test_nothing_remembered_is_an_empty_record() -> None:
    assert record_of([], 600).end_block == 0
    assert record_of(rows(None, None), 600).end_block == 0
    assert math.isnan(record_of([BlockMeans(0, 10**9, 0)], 600).at(0))


def test_a_record_cut_before_it_begins_is_empty() -> None:
    record = record_of(rows(1, 2, 3), 600)
    assert list(record.cut(12).pv_w) == [1, 2]
    assert list(record.cut(3).pv_w) == []
    assert list(record.cut(99).pv_w) == [1, 2, 3]
    assert list(record.since(11).pv_w) == [2, 3]
    assert record.since(11).at(12) == 3
    assert list(record.since(3).pv_w) == [1, 2, 3]
    assert list(record.since(99).pv_w) == []
