"""A mempool.space-compatible server: the newest blocks, and the price. Asked only where site.yaml names one.

Source: mempool.space/docs/api/rest (GET /api/v1/blocks, GET /api/v1/prices). One's own instance serves the same.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bitgrid.feeds.bitcoin.known import DIFFICULTIES, HEIGHTS, PRICES_EUR, Chain, Price, number, whole
from bitgrid.feeds.bitcoin.node import OLD_TIP_S
from bitgrid.feeds.web import Fetch, FetchError, parse_json

TIMES_S = (1_000_000_000.0, 1e11)


def ask_blocks(base: str, fetch: Fetch, now_s: float) -> Chain:
    """The chain, by the newest of the server's last blocks.

    Raises:
        FetchError: no answer, or one that cannot be.
    """
    host = name_of(base)
    told = parse_json(fetch(f"{base.rstrip('/')}/api/v1/blocks"), host)
    blocks = [block for block in told if isinstance(block, dict)] if isinstance(told, list) else []
    if not blocks:
        raise FetchError(f"{host} told no blocks")
    chains = [_chain_of(block, host, now_s) for block in blocks]
    return max(chains, key=lambda chain: chain.height)


def ask_price(base: str, fetch: Fetch, now_s: float) -> Price:
    """What a bitcoin is worth, EUR.

    Raises:
        FetchError: no answer, or one that cannot be.
    """
    host = name_of(base)
    told = parse_json(fetch(f"{base.rstrip('/')}/api/v1/prices"), host)
    if not isinstance(told, dict):
        raise FetchError(f"{host} told no price")
    eur = number(told.get("EUR"), "price in EUR", PRICES_EUR, host)
    at_s = number(told.get("time"), "time of its price", TIMES_S, host)
    return Price(eur, min(now_s, at_s), host)


def name_of(base: str) -> str:
    """The server's name, for people."""
    return urlsplit(base).hostname or base


def _chain_of(block: dict[str, Any], host: str, now_s: float) -> Chain:
    difficulty = number(block.get("difficulty"), "difficulty", DIFFICULTIES, host)
    height = whole(block.get("height"), "block height", HEIGHTS, host)
    at_s = number(block.get("timestamp"), "time of a block", TIMES_S, host)
    return Chain(difficulty, height, at_s if now_s - at_s > OLD_TIP_S else now_s, host)
