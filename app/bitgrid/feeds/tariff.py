"""The tariff of site.yaml as signals: fixed, by the hours of the day, or after the market's prices of tomorrow.

The two fixed prices hold wherever no other is known, and whoever is told so is told why. What never changes has no
curve: without one the rules take the price of now for every block to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bitgrid.bus import Telemetry
from bitgrid.config import Site
from bitgrid.feeds.means import Means
from bitgrid.feeds.port import Told
from bitgrid.feeds.prices.formula import export_steps, import_steps
from bitgrid.feeds.prices.market import Market
from bitgrid.feeds.prices.product import Product
from bitgrid.feeds.prices.steps import Steps
from bitgrid.feeds.prices.time_of_use import time_of_use_steps

DEVICE = "tariff"
AHEAD_S = 86_400
DECIMALS = 4


class Price(NamedTuple):
    """One of the two prices: its signals' names, its steps (None: it never changes) and what holds without them.

    ``is_market`` says whether the steps are the market's.
    """

    now: str
    curve: str
    steps: Steps | None
    fixed_ct_kwh: float
    is_market: bool


class TariffFeed:
    """A feed of what a kWh costs and earns, ct/kWh; stepped.

    Args:
        site: its tariff, and its time zone.
        means: how the market is reached, where the tariff asks for it.
        block_s: length of a block, s.
    """

    def __init__(self, site: Site, means: Means, block_s: int) -> None:
        self._tariff, self._clock, self._block_s = site.tariff, means.clock, block_s
        self._zone = ZoneInfo(site.location.timezone)
        terms = site.tariff.day_ahead
        self._market = None if terms is None else Market(terms, means, site.site, self._zone)
        self._reckoned_of: tuple[int, tuple[Product, ...]] | None = None
        self._prices: tuple[Price, ...] = ()

    def step(self) -> None:
        """Ask the market if it is time to, and reckon anew in a new block or with new prices."""
        if self._market is not None:
            self._market.step()
        products = () if self._market is None else self._market.products
        if (
            self._reckoned_of is None
            or self._block != self._reckoned_of[0]
            or products is not self._reckoned_of[1]
        ):
            self._reckoned_of = self._block, products
            self._prices = self._import(products), self._export(products)

    def told(self) -> Iterator[Told]:
        """Both prices now, and the curve of each that changes, from this block on for a day or longer."""
        for price in self._prices:
            begins_s = self._block * self._block_s
            now = None if price.steps is None else price.steps.mean(begins_s, begins_s + self._block_s)
            age_s, source = self._origin(price, is_known=now is not None)
            value = price.fixed_ct_kwh if now is None else round(now, DECIMALS)
            yield Told(DEVICE, price.now, Telemetry(value=value, source=source, age_s=age_s))
            if price.steps is not None:
                yield self._curve(price, price.steps, age_s)

    def problem(self) -> str:
        """What is wrong with the market, in words."""
        return "" if self._market is None else self._market.problem()

    @property
    def _block(self) -> int:
        return int(self._clock.now() // self._block_s)

    def _import(self, products: tuple[Product, ...]) -> Price:
        terms, steps, is_market = self._tariff.day_ahead, None, False
        if self._tariff.time_of_use is not None:
            from_s = self._block * self._block_s
            steps = time_of_use_steps(self._tariff, self._zone, from_s, from_s + AHEAD_S + self._block_s)
        elif terms is not None and terms.for_import:
            steps, is_market = import_steps(products, terms), True
        fixed = self._tariff.import_ct_kwh
        return Price("import_price_ct_kwh", "import_prices_ct_kwh", steps, fixed, is_market)

    def _export(self, products: tuple[Product, ...]) -> Price:
        is_market = self._tariff.export.needs_market
        steps = export_steps(products, self._tariff) if is_market else None
        return Price("export_price_ct_kwh", "export_prices_ct_kwh", steps, self._tariff.export_ct_kwh, is_market)

    def _curve(self, price: Price, steps: Steps, age_s: float) -> Told:
        first, values = self._block, []
        for begins_s in range(first * self._block_s, self._until_s(price), self._block_s):
            mean = steps.mean(begins_s, begins_s + self._block_s)
            values.append(price.fixed_ct_kwh if mean is None else round(mean, DECIMALS))
        source = self._market.until_words() if price.is_market and self._market else "time of use"
        telemetry = Telemetry(value=values, source=source, age_s=age_s, first_block=first)
        return Told(DEVICE, price.curve, telemetry)

    def _until_s(self, price: Price) -> int:
        """A day ahead, or as far as the market's prices reach."""
        day_s = self._block * self._block_s + AHEAD_S
        reaches_s = int(self._market.known_until_s) if price.is_market and self._market else 0
        return max(day_s, reaches_s - reaches_s % self._block_s)

    def _origin(self, price: Price, *, is_known: bool) -> tuple[float, str]:
        """Age and source of the price of now; what site.yaml says has no age."""
        if price.is_market and self._market is not None:
            return self._market.age_s, self._market.name if is_known else self._market.fallback_words()
        return 0.0, "fixed tariff" if price.steps is None else "time of use"
