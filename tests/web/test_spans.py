"""Days, weeks, months and years of the house's calendar, and what is no such thing."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config import Config
from bitgrid.explain import Explainer, Texts
from bitgrid.web.spans import KINDS, Kind, read_span, span_of
from bitgrid.web.words import TEXTS_DIRECTORY, Words

TODAY = dt.date(2025, 6, 16)
days = st.dates(dt.date(2001, 1, 1), dt.date(2100, 1, 1))


@given(days, st.sampled_from(KINDS))
def test_spans_follow_each_other_without_gap_or_overlap(day: dt.date, kind: Kind) -> None:
    span = span_of(kind, day)
    assert span.first <= day < span.end
    assert span.before.end == span.first
    assert span.after.first == span.end
    assert span_of(kind, span.end - dt.timedelta(days=1)) == span


@pytest.mark.parametrize(
    ("kind", "name", "german", "english"),
    [
        ("day", "2025-06-16", "Montag, 16. Juni 2025", "Monday, 16 June 2025"),
        ("week", "2025-W25", "Woche 25: 16. Juni bis 22. Juni 2025", "Week 25: 16 June to 22 June 2025"),
        ("month", "2025-06", "Juni 2025", "June 2025"),
        ("year", "2025", "2025", "2025"),
    ],
)
def test_a_span_is_called_as_people_call_it(
    config: Config, kind: Kind, name: str, german: str, english: str
) -> None:
    texts, explainer = Texts(TEXTS_DIRECTORY), Explainer(config.site)
    span = span_of(kind, TODAY)
    assert span.name == name
    assert span.title(Words("de", texts, explainer)) == german
    assert span.title(Words("en", texts, explainer)) == english


def test_the_last_week_of_a_year_has_its_own_number() -> None:
    assert span_of("week", dt.date(2024, 12, 31)).name == "2025-W01"


@pytest.mark.parametrize(
    ("kind", "day"),
    [
        ("fortnight", "2025-06-16"), ("day", "2025-02-30"), ("day", "20250616"), ("day", ""), ("day", "x" * 10),
        ("month", "2025-06-17"), ("day", "1999-12-31"), ("day", "9999-12-31"),
    ],
)  # fmt: skip
def test_what_is_no_span_is_today_and_said_so(kind: str, day: str) -> None:
    span, is_read = read_span(kind, day, TODAY)
    assert not is_read
    assert span.first <= TODAY < span.end


def test_nothing_asked_for_is_today() -> None:
    assert read_span(None, None, TODAY) == (span_of("day", TODAY), True)
    assert read_span("week", None, TODAY) == (span_of("week", TODAY), True)
