"""Bitcoin as a feed: what is known of chain and price, and what a kWh brings each miner, all with its true age."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bitgrid.bus import Quality, Telemetry
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.config.secrets import credentials
from bitgrid.feeds.bitcoin.asking import Asking
from bitgrid.feeds.bitcoin.efficiency import Efficiencies, Efficiency
from bitgrid.feeds.bitcoin.known import Chain, Price, age_s, follows, moves
from bitgrid.feeds.bitcoin.memory import Memory
from bitgrid.feeds.bitcoin.mining import ct_per_kwh, sats_per_kwh
from bitgrid.feeds.bitcoin.node import SOURCE, Secret, ask_node
from bitgrid.feeds.bitcoin.server import ask_blocks, ask_price
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.port import Told
from bitgrid.feeds.web import Fetch
from bitgrid.store.feeds import FeedsStore

DEVICE = "bitcoin"
NODE_EVERY_S = 600.0
SERVER_EVERY_S = 1800.0
NODE_SILENT_S = 2 * 3600.0
"""A node that has told nothing for so long is stood in for, where somebody else may be asked."""
OWNER = "policies.yaml"


class Known(NamedTuple):
    """A value with its age in seconds, and whether it is too old to decide by."""

    value: float
    age_s: float
    is_stale: bool
    source: str

    def telemetry(self) -> Telemetry:
        """As it is told; what is too old is still told, and says so."""
        quality = Quality.STALE if self.is_stale else Quality.GOOD
        return Telemetry(value=self.value, age_s=self.age_s, quality=quality, source=self.source)


class BitcoinFeed:
    """Asks whom the owner named, and remembers.

    Args:
        config: of the house; ``site.bitcoin`` is there.
        bitcoin: that section.
        store, errands, clock, fetch: the means of every feed.
        efficiencies: what a terahash costs each miner.
        secret: where the node's password comes from.
    """

    def __init__(  # noqa: PLR0913, PLR0917  the means of every feed, each by its name
        self,
        config: Config,
        bitcoin: Bitcoin,
        store: FeedsStore,
        errands: Errands,
        clock: Clock,
        fetch: Fetch,
        efficiencies: Efficiencies,
        secret: Secret = credentials,
    ) -> None:
        self._bitcoin, self._hodl = bitcoin, config.policies.hodl
        self._clock, self._fetch, self._secret = clock, fetch, secret
        self._efficiencies, self._memory = efficiencies, Memory(store)
        self._chain, self._price = self._memory.chain(), self._memory.price()
        self._node_boot_s: float | None = None
        self._started_boot_s = clock.boot()
        self._of_node = Asking("bitcoin node", errands, clock, NODE_EVERY_S)
        self._of_blocks = Asking("bitcoin blocks", errands, clock, SERVER_EVERY_S)
        self._of_price = Asking("bitcoin price", errands, clock, SERVER_EVERY_S)

    def step(self) -> None:
        """Ask whoever is due: the node; the server for the price, and for the chain while no node tells it."""
        node, server, fetch, now_s = self._bitcoin.node, self._bitcoin.api, self._fetch, self._clock.now()
        if node is not None:
            self._of_node.step(lambda: ask_node(node, fetch, now_s, self._secret), self._take_chain)
        if server is None:
            return
        if node is None or self._is_node_silent():
            self._of_blocks.step(lambda: ask_blocks(server, fetch, now_s), self._take_chain)
        if self._hodl is None or self._hodl.eur_per_btc is None:
            self._of_price.step(lambda: ask_price(server, fetch, now_s), self._take_price)

    def told(self) -> Iterator[Told]:
        """What is known, and per miner what follows from it."""
        now_s = self._clock.now()
        difficulty, height = self._difficulty(now_s)
        if difficulty is not None and height is not None:
            yield Told(DEVICE, "difficulty", difficulty.telemetry())
            yield Told(DEVICE, "block_height", difficulty._replace(value=float(height)).telemetry())
        price = self._eur_per_btc(now_s)
        if price is not None:
            yield Told(DEVICE, "eur_per_btc", price.telemetry())
        for load, efficiency in self._efficiencies.of_miners().items():
            sats = self._sats(difficulty, height, efficiency)
            if sats is not None:
                yield Told(DEVICE, f"{load}.sats_per_kwh", sats.telemetry())
            if sats is not None and price is not None:
                yield Told(DEVICE, f"{load}.hodl_ct_kwh", _worth(sats, price).telemetry())

    def problem(self) -> str:
        """Who does not answer as hoped, and what is too old."""
        now_s = self._clock.now()
        asked = (self._of_node, self._of_blocks, self._of_price)
        said = [asking.problem for asking in asked if asking.problem]
        for name, known in (("difficulty", self._difficulty(now_s)[0]), ("price", self._eur_per_btc(now_s))):
            if known is not None and known.is_stale:
                said.append(f"Bitcoin's {name} is {known.age_s / 86_400:.0f} days old and not decided by any more")
        return "; ".join(said)

    def _is_node_silent(self) -> bool:
        if self._chain is None and self._of_node.problem:
            return True
        heard_boot_s = self._started_boot_s if self._node_boot_s is None else self._node_boot_s
        return self._clock.boot() - heard_boot_s > NODE_SILENT_S

    def _take_chain(self, told: Chain) -> None:
        known = self._chain
        if known is not None and self._binds(told, known):
            follows(told, known)
        if told.source == SOURCE and self._clock.now() - told.at_s <= NODE_SILENT_S:
            self._node_boot_s = self._clock.boot()
        if known is not None and self._binds(told, known) and told.at_s < known.at_s:
            return
        self._chain = told
        self._memory.keep(told)

    def _binds(self, told: Chain, known: Chain) -> bool:
        """Whether what is known limits what can be: not once it is too old, and the own node knows better."""
        age = age_s(known, self._clock.now())
        is_better = told.source == SOURCE and known.source != SOURCE
        return age is not None and age <= self._bitcoin.stale_after_s and not is_better

    def _take_price(self, told: Price) -> None:
        if self._price is not None:
            moves(told, self._price)
        self._price = told
        self._memory.keep(told)

    def _difficulty(self, now_s: float) -> tuple[Known | None, int | None]:
        chain = self._chain
        age = None if chain is None else age_s(chain, now_s)
        if chain is None or age is None:
            return None, None
        return Known(chain.difficulty, age, age > self._bitcoin.stale_after_s, chain.source), chain.height

    def _eur_per_btc(self, now_s: float) -> Known | None:
        """The owner's own price, which nothing makes old; else the feed's."""
        if self._hodl is not None and self._hodl.eur_per_btc is not None:
            return Known(self._hodl.eur_per_btc, 0.0, is_stale=False, source=OWNER)
        age = None if self._price is None else age_s(self._price, now_s)
        if self._price is None or age is None:
            return None
        return Known(self._price.eur_per_btc, age, age > self._bitcoin.price_stale_after_s, self._price.source)

    def _sats(self, difficulty: Known | None, height: int | None, efficiency: Efficiency) -> Known | None:
        """What a kWh brings; what the owner typed only where no difficulty was ever known."""
        if difficulty is None or height is None:
            typed = None if self._hodl is None else self._hodl.sats_per_kwh
            return None if typed is None else Known(typed, 0.0, is_stale=False, source=OWNER)
        sats = sats_per_kwh(
            efficiency.joules_per_terahash,
            difficulty.value,
            height,
            fees_sats=self._bitcoin.fees_sats,
            pool_fee_pct=self._bitcoin.pool_fee_pct,
        )
        by = "measured" if efficiency.is_measured else "site.yaml's"
        return difficulty._replace(value=sats, source=f"{difficulty.source}, {by} J/TH")


def _worth(sats: Known, price: Known) -> Known:
    """The worth of a kWh; as old as what makes it stale; else as the feed's price, or as the yield."""
    worth = ct_per_kwh(sats.value, price.value)
    stale_s = [known.age_s for known in (sats, price) if known.is_stale]
    age = max(stale_s) if stale_s else (sats if price.source == OWNER else price).age_s
    return Known(worth, age, bool(stale_s), f"{sats.source}, price by {price.source}")
