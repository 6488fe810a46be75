"""Readings and spans: energy is conserved, gaps stay gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.imports.spans import (
    DAY_S,
    Reading,
    Span,
    Tally,
    by_day,
    counted,
    held,
    interval_means,
    means,
    plausible,
    rising,
    total,
)


def energy_wh(spans: list[Span]) -> float:
    return sum(span.value * (span.end_s - span.start_s) for span in spans) / 3600


steps = st.lists(
    st.tuples(st.floats(1, 7200), st.floats(0, 5000), st.booleans()),
    min_size=1,
    max_size=60,
)


def readings_of(steps: list[tuple[float, float, bool]]) -> tuple[list[Reading], float]:
    """A counter's readings by its steps (seconds, Wh, whether it began anew before), and what passed in all."""
    at_s, shows, passed = 0.0, 50_000.0, 0.0
    readings = [Reading(at_s, shows)]
    for seconds, step_wh, is_anew in steps:
        at_s += seconds
        is_plain = is_anew and shows > 20_000
        shows = step_wh if is_plain else shows + step_wh
        passed += step_wh
        readings.append(Reading(at_s, shows))
    return readings, passed


@settings(deadline=None)
@given(steps)
def test_a_counter_and_its_power_are_the_same_energy_through_new_beginnings(
    steps: list[tuple[float, float, bool]],
) -> None:
    readings, passed = readings_of(steps)
    spans = list(counted(readings, math.inf, Tally()))
    assert energy_wh(spans) == pytest.approx(passed, abs=1e-6)
    assert all(before.end_s <= after.start_s for before, after in pairwise(spans))


@settings(deadline=None)
@given(steps, st.integers(0, 59), st.sampled_from([0.0, 3.0]))
def test_a_counter_misread_once_changes_no_energy(
    steps: list[tuple[float, float, bool]], where: int, misread: float
) -> None:
    readings, passed = readings_of([(seconds, step, False) for seconds, step, _ in steps])
    where = min(where, len(readings) - 2)
    between_s = (readings[where].at_s + readings[where + 1].at_s) / 2
    readings.insert(where + 1, Reading(between_s, misread))
    tally = Tally()
    assert energy_wh(list(counted(readings, math.inf, tally))) == pytest.approx(passed, abs=1e-6)
    assert tally.counts == {"counter misread": 1}


def test_a_counter_that_falls_a_little_is_noise() -> None:
    tally = Tally()
    readings = [Reading(0, 1000.0), Reading(60, 990.0), Reading(120, 1010.0)]
    assert list(counted(readings, math.inf, tally)) == [Span(0, 120, 300.0)]
    assert tally.counts == {"counter fell a little": 1}


def test_what_passes_in_a_gap_is_told_and_put_nowhere() -> None:
    tally = Tally()
    readings = [Reading(0, 0.0), Reading(60, 10.0), Reading(90, None), Reading(9000, 510.0), Reading(9060, 520.0)]
    assert list(counted(readings, math.inf, tally)) == [Span(0, 60, 600.0), Span(9000, 9060, 600.0)]
    assert tally.unplaced_wh == 500
    tally = Tally()
    assert list(counted([Reading(0, 0.0), Reading(1000, 10.0)], 900, tally)) == []
    assert tally.unplaced_wh == 10


def test_a_value_holds_until_the_next_and_not_through_a_gap() -> None:
    readings = [Reading(0, 1.0), Reading(10, 2.0), Reading(100, 3.0), Reading(110, None), Reading(150, 4.0)]
    assert list(held(readings, 30, 15)) == [
        Span(0, 10, 1.0),
        Span(10, 25, 2.0),
        Span(100, 110, 3.0),
        Span(150, 165, 4.0),
    ]


def test_energies_of_intervals_become_powers_and_an_overlap_loses_none() -> None:
    readings = [Reading(0, 100.0), Reading(900, 50.0), Reading(1200, None), Reading(3600, 10.0)]
    spans = list(interval_means(readings, 900))
    assert spans == [Span(0, 900, 400.0), Span(900, 1200, 600.0), Span(3600, 4500, 40.0)]
    assert energy_wh(spans) == 160


def test_of_several_readings_at_one_time_the_first_is_taken() -> None:
    tally = Tally()
    readings = [Reading(0, 1.0), Reading(0, 1.0), Reading(0, 2.0), Reading(5, 3.0), Reading(4, 9.0)]
    assert list(rising(readings, tally)) == [Reading(0, 1.0), Reading(5, 3.0)]
    assert tally.counts == {
        "given twice": 1,
        "given twice with other values, the first taken": 1,
        "out of order": 1,
    }


def test_what_cannot_be_is_counted_and_left_out() -> None:
    tally = Tally()
    spans = [Span(0, 1, 5.0), Span(1, 2, 99.0), Span(2, 3, -1.0)]
    assert list(plausible(spans, 0, 10, tally)) == [Span(0, 1, 5.0)]
    assert tally.counts == {"implausible": 2}


def stretches() -> st.SearchStrategy[list[Span]]:
    """Spans that rise and do not overlap."""

    def build(pieces: list[tuple[int, int, float]]) -> list[Span]:
        at_s, spans = 0, []
        for gap_s, length_s, value in pieces:
            spans.append(Span(at_s + gap_s, at_s + gap_s + length_s, value))
            at_s += gap_s + length_s
        return spans

    piece = st.tuples(
        st.sampled_from([0, 0, 7, 5000]), st.integers(1, 90_000), st.integers(-5000, 5000).map(float)
    )
    return st.lists(piece, max_size=12).map(build)


@settings(deadline=None)
@given(stretches())
def test_spans_cut_at_midnight_are_the_same_energy(spans: list[Span]) -> None:
    days = list(by_day(spans))
    pieces = [piece for _, found in days for piece in found]
    assert energy_wh(pieces) == pytest.approx(energy_wh(spans), abs=1e-6)
    assert [day for day, _ in days] == sorted({day for day, _ in days})
    assert all(
        day * DAY_S <= piece.start_s < piece.end_s <= (day + 1) * DAY_S for day, found in days for piece in found
    )


def sampled(spans: list[Span]) -> Iterator[tuple[float, float | None]]:
    """What holds just before, at and after each change."""
    for at_s in sorted({at_s for span in spans for at_s in (span.start_s, span.end_s)}):
        yield at_s, next((span.value for span in spans if span.start_s <= at_s < span.end_s), None)


@settings(deadline=None)
@given(stretches(), stretches())
def test_a_total_is_known_just_where_all_parts_are(first: list[Span], second: list[Span]) -> None:
    added = total([(1.0, first), (-1.0, second)])
    for at_s, _ in sampled([*first, *second]):
        values = [
            next((span.value for span in spans if span.start_s <= at_s < span.end_s), None)
            for spans in (first, second)
        ]
        expected = None if None in values else (values[0] or 0) - (values[1] or 0)
        assert next((span.value for span in added if span.start_s <= at_s < span.end_s), None) == expected


@settings(deadline=None)
@given(stretches())
def test_means_of_what_is_wholly_known_are_the_same_energy(spans: list[Span]) -> None:
    whole = means(spans, 300, share=1.0)
    assert all(span.start_s % 300 == 0 and span.end_s == span.start_s + 300 for span in whole)
    for cell in whole:
        inside = [
            Span(max(span.start_s, cell.start_s), min(span.end_s, cell.end_s), span.value)
            for span in spans
            if span.start_s < cell.end_s and span.end_s > cell.start_s
        ]
        assert energy_wh(inside) == pytest.approx(energy_wh([cell]), abs=1e-6)


def test_a_mean_of_which_less_than_half_is_known_is_not_told() -> None:
    assert means([Span(0, 149, 8.0), Span(300, 450, 8.0)], 300) == [Span(300, 600, 8.0)]
