"""Small fits in plain Python: systems of some ten unknowns, from columns of some thousand values."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

Column = Sequence[float]
SWEEPS = 400
STAGES = ((4, 12), (1, 6))
"""Every fourth sample, then all; and how many rounds of each."""
BLUNT = 0.02
"""Residuals smaller than this weigh as if they were it; without it a fit by absolute errors never settles."""


def dot(a: Column, b: Column) -> float:
    """Sum of products."""
    return float(sum(map(mul, a, b)))


def normal_equations(
    columns: Sequence[Column], goal: Column, weights: Column
) -> tuple[list[list[float]], list[float]]:
    """Matrix and right side of the weighted least squares of ``goal`` by ``columns``."""
    weighted = [list(map(mul, column, weights)) for column in columns]
    matrix = [[0.0] * len(columns) for _ in columns]
    for i, row in enumerate(weighted):
        for j in range(i + 1):
            matrix[i][j] = matrix[j][i] = dot(row, columns[j])
    return matrix, [dot(row, goal) for row in weighted]


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """A symmetric positive definite system, by elimination; what cannot be told apart gets 0."""
    size, rows = len(right), [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = rows[i][i]
        if pivot <= 1e-12:  # noqa: PLR2004  nothing is known of this one
            rows[i] = [0.0] * i + [1.0] + [0.0] * (size - i)
            pivot = 1.0
        for lower in range(i + 1, size):
            factor = rows[lower][i] / pivot
            for j in range(i, size + 1):
                rows[lower][j] -= factor * rows[i][j]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (rows[i][size] - dot(rows[i][i + 1 : size], found[i + 1 :])) / rows[i][i]
    return found


def non_negative(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The least squares of normal equations with no unknown below 0, one unknown at a time."""
    found = [0.0] * len(right)
    for _ in range(SWEEPS):
        for i, row in enumerate(matrix):
            if row[i] > 0:
                found[i] = max(0.0, found[i] + (right[i] - dot(row, found)) / row[i])
    return found


def quantile_fit(
    columns: Sequence[Column], goal: Column, weights: Column, share: float, near: tuple[Column, float]
) -> list[float]:
    """Coefficients of the line that a share of ``goal`` lies below: weighted absolute errors, tilted by the share.

    Args:
        columns: of equal length, what is known of each sample.
        goal: what is to be told of it.
        weights: how much each sample counts.
        share: 0.5 for the median.
        near: coefficients it is drawn to, and how many samples of mean weight they count for.
    """
    found = list(near[0])
    for step, rounds in STAGES:
        rows, values, weighs = list(zip(*columns, strict=True))[::step], goal[::step], weights[::step]
        pull = near[1] / step * sum(weighs) / max(1, len(weighs))
        for _ in range(rounds):
            found = _nearer(rows, values, weighs, share, (found, near[0], pull))
    return found


def _nearer(
    rows: Sequence[Column],
    values: Column,
    weights: Column,
    share: float,
    lines: tuple[list[float], Column, float],
) -> list[float]:
    """One round: least squares, each sample weighted by the inverse of how far off the line before was."""
    before, prior, pull = lines
    guess = [sum(map(mul, row, before)) for row in rows]
    tilted = [
        weight * (share if value > told else 1 - share) / max(abs(value - told), BLUNT)
        for value, told, weight in zip(values, guess, weights, strict=True)
    ]
    matrix, right = normal_equations(list(zip(*rows, strict=True)), values, tilted)
    for i, value in enumerate(prior):
        matrix[i][i] += pull
        right[i] += pull * value
    return solve(matrix, right)
