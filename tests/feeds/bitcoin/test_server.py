"""A mempool.space-compatible server, and what of its answers is believed."""

from __future__ import annotations

import pytest

from bitgrid.feeds.bitcoin.known import Chain, Price
from bitgrid.feeds.bitcoin.server import ask_blocks, ask_price
from bitgrid.feeds.web import Fetch, FetchError
from feeds.bitcoin.answers import DIFFICULTY, HEIGHT, NOW_S, blocks, body, prices

BASE = "https://mempool.example/"


def telling(answer: bytes, asked: list[str] | None = None) -> Fetch:
    def fetch(url: str, **_more: object) -> bytes:
        if asked is not None:
            asked.append(url)
        return answer

    return fetch


def test_the_newest_of_its_blocks_tells_of_the_chain() -> None:
    asked: list[str] = []
    told = blocks()
    assert ask_blocks(BASE, telling(body([*told[1:], told[0]]), asked), NOW_S) == Chain(
        DIFFICULTY, HEIGHT, NOW_S, "mempool.example"
    )
    assert asked == ["https://mempool.example/api/v1/blocks"]


def test_a_server_that_stands_still_tells_of_when_it_did() -> None:
    told = ask_blocks(BASE, telling(body(blocks(at_s=NOW_S - 3 * 86_400))), NOW_S)
    assert told.at_s == NOW_S - 3 * 86_400


def test_its_price_is_as_old_as_it_says() -> None:
    asked: list[str] = []
    assert ask_price(BASE, telling(body(prices()), asked), NOW_S) == Price(76_000, NOW_S - 120, "mempool.example")
    assert asked == ["https://mempool.example/api/v1/prices"]


def test_a_price_from_the_future_is_of_now() -> None:
    assert ask_price(BASE, telling(body(prices(at_s=NOW_S + 9_999))), NOW_S).at_s == NOW_S


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[]",
        b"{}",
        b"[1, 2]",
        b"null",
        body(blocks(difficulty=0)),
        body(blocks(difficulty="1e14")),
        body(blocks(difficulty=1e300)),
        body(blocks(difficulty=None)),
        body(blocks(height=12)),
        body([{"height": HEIGHT}]),
        body(blocks(at_s=5.0)),
    ],
)
def test_blocks_that_cannot_be_are_refused(answer: bytes) -> None:
    with pytest.raises(FetchError, match=r"mempool\.example"):
        ask_blocks(BASE, telling(answer), NOW_S)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[]",
        b"{}",
        body(prices(eur=0)),
        body(prices(eur=-1)),
        body(prices(eur="76000")),
        body(prices(eur=False)),
        body(prices(eur=7.6e10)),
        body({"EUR": 76_000}),
        body({"time": int(NOW_S), "USD": 89_000}),
    ],
)
def test_prices_that_cannot_be_are_refused(answer: bytes) -> None:
    with pytest.raises(FetchError, match=r"mempool\.example"):
        ask_price(BASE, telling(answer), NOW_S)
