"""What the edge's clock shows is known between two bounds, and both err to the safe side."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bitgrid.gateway.clock_bounds import KNOWN_FOR_S, LONGEST_ROUND_S, ClockBounds

way_s = st.floats(0, LONGEST_ROUND_S / 2)
ways = st.lists(st.tuples(way_s, way_s), min_size=1, max_size=30)
AHEAD_S = 90_000.0
"""By how much the edge has been up longer than the gateway."""


@dataclass
class Edge:
    """Who answers; ``ahead_s``: by how much it has been up longer."""

    ahead_s: float = AHEAD_S
    name: str = "a"

    def asked(self, bounds: ClockBounds, at_s: float, there_s: float, back_s: float) -> float:
        """Ask at a time of the gateway; the time when the answer is back."""
        now = at_s + there_s + back_s
        bounds.answered(self.name, at_s, at_s + there_s + self.ahead_s, now)
        return now


EDGE = Edge()


@given(ways)
def test_whatever_the_ways_took_nothing_seems_younger_and_nothing_ends_later(
    ways: list[tuple[float, float]],
) -> None:
    bounds, now = ClockBounds(), 100.0
    for there_s, back_s in ways:
        now = EDGE.asked(bounds, now, there_s, back_s)
    assert bounds.at_edge(now) <= now + AHEAD_S + 1e-6
    assert bounds.here(now + AHEAD_S) <= now + 1e-6
    widest = min(there_s + back_s for there_s, back_s in ways[-20:])
    assert bounds.at_edge(now) >= now + AHEAD_S - widest - 1e-6, "and it errs by no more than the quickest round"
    assert bounds.here(now + AHEAD_S) >= now - widest - 1e-6


def test_nothing_is_known_before_an_answer_and_soon_after_the_last() -> None:
    bounds = ClockBounds()
    assert not bounds.is_known(100.0)
    now = EDGE.asked(bounds, 100.0, 0.1, 0.1)
    assert bounds.is_known(now + KNOWN_FOR_S)
    assert not bounds.is_known(now + KNOWN_FOR_S + 0.1)


def test_an_answer_that_took_too_long_tells_nothing() -> None:
    bounds = ClockBounds()
    EDGE.asked(bounds, 100.0, 1.5, 1.0)
    assert not bounds.is_known(103.0)


def test_an_answer_to_no_question_of_ours_tells_nothing() -> None:
    bounds = ClockBounds()
    bounds.answered("a", 500.0, 90_600.0, 100.0)
    assert not bounds.is_known(100.0)


def test_an_edge_that_was_started_anew_has_another_clock() -> None:
    bounds = ClockBounds()
    EDGE.asked(bounds, 100.0, 0.1, 0.1)
    now = Edge(-60.0, "b").asked(bounds, 101.0, 0.1, 0.1)
    assert bounds.at_edge(now) <= now - 60.0
    assert bounds.here(now - 60.0) <= now


def test_answers_that_contradict_each_other_leave_the_newest() -> None:
    bounds = ClockBounds()
    EDGE.asked(bounds, 100.0, 0.1, 0.1)
    now = Edge(5.0).asked(bounds, 101.0, 0.1, 0.1)
    assert now + 4.8 <= bounds.at_edge(now) <= now + 5.0
