"""What is known of Bitcoin, from whom and since when; what cannot be so is refused, in words."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from bitgrid.feeds.web import FetchError

DIFFICULTIES = (1e12, 1e17)
"""2017's, and seven hundred times today's."""
HEIGHTS = (800_000, 5_000_000)
"""That of July 2023, and of the end of this century."""
PRICES_EUR = (100.0, 10_000_000.0)
PERIOD_BLOCKS = 2016
MOST_PER_PERIOD = 4.0
"""The protocol lets difficulty change by no more than this factor from one period to the next."""
SAME = 1e-4
"""Within a period the difficulty does not change; servers round it."""
REORG_BLOCKS = 6
QUICKEST_BLOCK_S = 150
"""Blocks cannot go on coming more than four times as fast as they should: difficulty follows."""
LUCKY_BLOCKS = 36
MOST_PER_DAY = 2.0
"""A price that more than doubles or halves within a day is not believed at once."""
DAY_S = 86_400
AHEAD_S = 3600.0
"""What was learned later than this from now was stamped by another clock: its age is not known."""


class Chain(NamedTuple):
    """The chain at ``at_s`` (UTC epoch seconds), as ``source`` told it."""

    difficulty: float
    height: int
    at_s: float
    source: str


class Price(NamedTuple):
    """What a bitcoin is worth, EUR, at ``at_s`` (UTC epoch seconds), as ``source`` told it."""

    eur_per_btc: float
    at_s: float
    source: str


def age_s(known: Chain | Price, now_s: float) -> float | None:
    """How old a value is, s; None where the clock that stamped it was another one."""
    return None if known.at_s > now_s + AHEAD_S else max(0.0, now_s - known.at_s)


def number(value: Any, name: str, bounds: tuple[float, float], source: str) -> float:  # noqa: ANN401  any JSON value
    """A number within its bounds.

    Raises:
        FetchError: it is none, or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FetchError(f"{source} told no number as {name}")
    low, high = bounds
    if not low <= value <= high:
        raise FetchError(f"{source} told {value:g} as {name}, which cannot be; expected {low:g} to {high:g}")
    return float(value)


def whole(value: Any, name: str, bounds: tuple[float, float], source: str) -> int:  # noqa: ANN401  any JSON value
    """A whole number within its bounds.

    Raises:
        FetchError: it is none, or outside.
    """
    told = number(value, name, bounds, source)
    if not isinstance(value, int):
        raise FetchError(f"{source} told no whole number as {name}")
    return int(told)


def follows(told: Chain, known: Chain) -> None:
    """Check that a chain can have come of the one known.

    Raises:
        FetchError: it cannot.
    """
    grown = told.height - known.height
    most = LUCKY_BLOCKS + max(0.0, told.at_s - known.at_s) / QUICKEST_BLOCK_S
    if not -REORG_BLOCKS <= grown <= most:
        raise FetchError(
            f"{told.source} told block {told.height} after {known.height}, which cannot be; the known one is kept"
        )
    periods = abs(told.height // PERIOD_BLOCKS - known.height // PERIOD_BLOCKS)
    factor = max(told.difficulty / known.difficulty, known.difficulty / told.difficulty)
    if factor > max(1 + SAME, MOST_PER_PERIOD**periods):
        raise FetchError(
            f"{told.source} told a difficulty of {told.difficulty:.4g} after {known.difficulty:.4g}, which the "
            "protocol does not allow; the known one is kept"
        )


def moves(told: Price, known: Price) -> None:
    """Check that a price can have come of the one known.

    Raises:
        FetchError: it jumped too far.
    """
    days = max(1.0, (told.at_s - known.at_s) / DAY_S)
    factor = max(told.eur_per_btc / known.eur_per_btc, known.eur_per_btc / told.eur_per_btc)
    if math.log(factor) > days * math.log(MOST_PER_DAY):
        raise FetchError(
            f"{told.source} told {told.eur_per_btc:.0f} EUR a bitcoin after {known.eur_per_btc:.0f}; "
            "that jump is not believed, the known price is kept"
        )
