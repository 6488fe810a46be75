"""The small fits against figures reckoned by hand, and on lines that are known."""

from __future__ import annotations

import random

import pytest

from bitgrid.feeds.pv.fits import non_negative, normal_equations, quantile_fit, solve


def test_a_system_of_two_is_solved() -> None:
    assert solve([[2.0, 1.0], [1.0, 3.0]], [5.0, 10.0]) == pytest.approx([1.0, 3.0])


def test_what_cannot_be_told_apart_gets_nothing() -> None:
    assert solve([[2.0, 0.0], [0.0, 0.0]], [4.0, 0.0]) == pytest.approx([2.0, 0.0])
    assert sum(solve([[1.0, 1.0], [1.0, 1.0]], [3.0, 3.0])) == pytest.approx(3.0)


def test_least_squares_without_negative_parts_leaves_out_what_would_be_one() -> None:
    columns, goal = [[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]], [3.0, 2.0, 1.0]
    assert solve(*normal_equations(columns, goal, [1.0] * 3)) == pytest.approx([3.0, -1.0])
    assert non_negative(*normal_equations(columns, goal, [1.0] * 3)) == pytest.approx([2.0, 0.0])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_asked_share_lies_below_the_line(share: float) -> None:
    chance = random.Random(3)
    x = [chance.uniform(0, 1) for _ in range(2000)]
    y = [0.2 + 0.6 * value + chance.gauss(0, 0.2) for value in x]
    line = quantile_fit([[1.0] * len(x), x], y, [1.0] * len(x), share, ([0.0, 0.0], 1.0))
    below = sum(value <= line[0] + line[1] * at for at, value in zip(x, y, strict=True)) / len(x)
    assert below == pytest.approx(share, abs=0.025)
    assert line[1] == pytest.approx(0.6, abs=0.06)


def test_a_few_wild_values_do_not_move_the_median() -> None:
    y = [1.0] * 95 + [1e6] * 5
    assert quantile_fit([[1.0] * 100], y, [1.0] * 100, 0.5, ([0.0], 0.0))[0] == pytest.approx(1.0, abs=0.05)


def test_with_no_samples_the_prior_stands() -> None:
    assert quantile_fit([[1.0], [2.0]], [5.0], [1.0], 0.5, ([0.3, 0.4], 1e9)) == pytest.approx(
        [0.3, 0.4], abs=1e-3
    )
