"""What can follow what is known: difficulty by the protocol's own limits, price within reason."""

from __future__ import annotations

import pytest

from bitgrid.feeds.bitcoin.known import Chain, Price, age_s, follows, moves
from bitgrid.feeds.web import FetchError

DAY_S = 86_400
START = 463 * 2016
KNOWN = Chain(1.4e14, START + 100, 1e9, "own node")


def later(blocks: int, difficulty: float = 1.4e14, days: float | None = None) -> Chain:
    after_s = blocks * 600 if days is None else days * DAY_S
    return Chain(difficulty, KNOWN.height + blocks, KNOWN.at_s + after_s, "own node")


@pytest.mark.parametrize(
    "told",
    [
        later(0),
        later(1),
        later(-1, days=0),
        later(-6, days=0),
        later(0, 1.40000001e14),
        later(2016, 4 * 1.4e14),
        later(2016, 1.4e14 / 4),
        later(2016 * 2, 15 * 1.4e14),
        later(36, days=0),
    ],
)
def test_what_the_protocol_allows_is_believed(told: Chain) -> None:
    follows(told, KNOWN)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (later(-7, days=0), "told block"),
        (later(5000, days=1), "told block"),
        (later(100, 1.5e14), "the protocol does not allow"),
        (later(2016, 4.1 * 1.4e14), "the protocol does not allow"),
        (later(2016, 1.4e14 / 4.1), "the protocol does not allow"),
        (later(0, 1.4e17), "the protocol does not allow"),
    ],
)
def test_what_it_does_not_allow_is_refused_in_words(told: Chain, said: str) -> None:
    with pytest.raises(FetchError, match=said):
        follows(told, KNOWN)


@pytest.mark.parametrize(("eur", "days"), [(80_000, 0), (159_000, 0), (41_000, 1), (630_000, 3), (80_000, -5)])
def test_prices_move(eur: float, days: float) -> None:
    moves(Price(eur, 1e9 + days * DAY_S, "server"), Price(80_000, 1e9, "server"))


@pytest.mark.parametrize(("eur", "days"), [(161_000, 0), (39_000, 1), (650_000, 3), (80_000_000, 0.1)])
def test_prices_do_not_jump(eur: float, days: float) -> None:
    with pytest.raises(FetchError, match="that jump is not believed"):
        moves(Price(eur, 1e9 + days * DAY_S, "server"), Price(80_000, 1e9, "server"))


def test_an_age_is_never_negative_and_not_known_by_another_clock() -> None:
    assert age_s(KNOWN, 1e9 + 60) == 60
    assert age_s(KNOWN, 1e9 - 60) == 0
    assert age_s(KNOWN, 1e9 - 7200) is None
