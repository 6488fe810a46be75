"""The last values, kept over a restart and over months without a network."""

from __future__ import annotations

import json
import logging
from typing import Any

from bitgrid.feeds.bitcoin.known import DIFFICULTIES, HEIGHTS, PRICES_EUR, Chain, Price, number, whole
from bitgrid.feeds.web import FetchError
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import FeedsStore

log = logging.getLogger(__name__)

CHAIN, PRICE = "bitcoin chain", "bitcoin price"


class Memory:
    """What was told last. A store that fails costs what a restart would forget, and is logged."""

    def __init__(self, store: FeedsStore) -> None:
        self._store = store

    def chain(self) -> Chain | None:
        """The last chain."""
        at_s, told = self._kept(CHAIN)
        try:
            difficulty = number(told.get("difficulty"), "difficulty", DIFFICULTIES, CHAIN)
            return Chain(
                difficulty, whole(told.get("height"), "height", HEIGHTS, CHAIN), at_s, str(told["source"])
            )
        except (FetchError, KeyError):
            return None

    def price(self) -> Price | None:
        """The last price."""
        at_s, told = self._kept(PRICE)
        try:
            return Price(number(told.get("eur_per_btc"), "price", PRICES_EUR, PRICE), at_s, str(told["source"]))
        except (FetchError, KeyError):
            return None

    def keep(self, known: Chain | Price) -> None:
        """Keep a value in place of the one before it."""
        told = {name: value for name, value in known._asdict().items() if name != "at_s"}
        try:
            self._store.keep(CHAIN if isinstance(known, Chain) else PRICE, known.at_s, json.dumps(told))
        except StoreError as error:
            log.warning("a restart would forget it: %s", error)

    def _kept(self, name: str) -> tuple[float, dict[str, Any]]:
        try:
            kept = self._store.kept(name)
            told = None if kept is None else json.loads(kept.text)
        except (StoreError, ValueError) as error:
            log.warning("what was known last of Bitcoin cannot be read: %s", error)
            return 0.0, {}
        return (kept.at_s, told) if kept is not None and isinstance(told, dict) else (0.0, {})
