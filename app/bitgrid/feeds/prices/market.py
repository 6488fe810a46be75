"""The day-ahead market as the house knows it: asked when due, checked, kept over a restart, honest of its end."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from bitgrid.config.errors import ConfigError
from bitgrid.config.tariff import DayAhead
from bitgrid.feeds.means import Means
from bitgrid.feeds.prices.answer import Answer
from bitgrid.feeds.prices.formula import market_steps
from bitgrid.feeds.prices.product import MAX_PRODUCTS, Product, believable, in_order
from bitgrid.feeds.prices.schedule import FIRST_WAIT_S, Schedule, market_days
from bitgrid.feeds.prices.sources import SOURCES
from bitgrid.feeds.web import FetchError
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import Kept

log = logging.getLogger(__name__)

SOON_S = 6 * 3600
"""Prices that end sooner than this, with no newer ones to be had, are worth a word."""


class _Known(Answer):
    """Prices as they are kept: start (epoch s), end, market price, gross price or null (ct/kWh)."""

    products: Annotated[list[Product], Field(max_length=MAX_PRODUCTS)]


class Market:
    """Stepped; its prices are `products`, learned at `age_s`.

    Args:
        terms: whom to ask, for which zone.
        means: what it works with.
        house: its short name.
        zone: of the clock on the wall, for words.
    """

    def __init__(self, terms: DayAhead, means: Means, house: str, zone: ZoneInfo) -> None:
        self._source, self._terms, self._means, self._zone = SOURCES[terms.source], terms, means, zone
        self.name = self._source.name
        self._kept_as = f"prices {terms.source} {terms.zone}"
        self._schedule = Schedule(house)
        self.products: tuple[Product, ...] = ()
        self._since_boot_s = means.clock.boot()
        self._since_s = means.clock.now()
        self._has_answered = False
        self._trouble = ""
        self._recall()

    @property
    def age_s(self) -> float:
        """Seconds since the prices came; since the start where none ever did."""
        return max(0.0, self._means.clock.boot() - self._since_boot_s)

    @property
    def known_until_s(self) -> float:
        """Until when every moment from now on has a price, UTC epoch seconds; now, where this one has none."""
        return market_steps(self.products).known_until_s(self._means.clock.now())

    def step(self) -> None:
        """Ask if it is time to."""
        now_s, boot_s = self._means.clock.now(), self._means.clock.boot()
        if self._means.errands.is_out(self._kept_as):
            return
        if self._schedule.is_due(now_s, boot_s, self.known_until_s) and not self._was_asked_just_now(now_s):
            self._schedule.asked(boot_s)
            self._keep(f"{self._kept_as} asked", "")
            self._means.errands.send(self._kept_as, self._question(now_s), self._take, self._fail)

    def until_words(self) -> str:
        """Whose prices, until when, and what holds after them."""
        until_s = self.known_until_s
        if until_s <= self._means.clock.now():
            return self.fallback_words()
        return f"{self.name} until {self._local(until_s)}, then fixed price"

    def fallback_words(self) -> str:
        """Why the fixed price holds now."""
        why = f" ({self._trouble})" if self._trouble else ""
        now_s = self._means.clock.now()
        ends_s = [product.end_s for product in self.products]
        if any(end_s > now_s for end_s in ends_s):
            return f"fixed price: {self.name} tells none for this time{why}"
        ended = self._local(max(ends_s, default=self._since_s))
        answered = f"since {self._local(self._since_s)}" if self._has_answered else "yet"
        return f"fixed price since {ended}: {self.name} has not answered {answered}{why}"

    def problem(self) -> str:
        """What is wrong, in words; empty while prices are known as far as can be wanted."""
        now_s, until_s = self._means.clock.now(), self.known_until_s
        if until_s <= now_s:
            return self.fallback_words() if self._trouble or self.products else ""
        if self._trouble and until_s < self._schedule.wanted_until_s(now_s):
            return f"{self._trouble}; prices are known until {self._local(until_s)}, then the fixed price holds"
        if until_s - now_s < SOON_S and until_s < self._schedule.wanted_until_s(now_s):
            return f"{self.name} tells no prices after {self._local(until_s)}; from then on the fixed price holds"
        return ""

    def _question(self, now_s: float) -> Callable[[], tuple[Product, ...]]:
        source, terms, means = self._source, self._terms, self._means

        def ask() -> tuple[Product, ...]:
            try:
                secret = "" if terms.secret is None else means.token(terms.secret)
            except ConfigError as error:
                raise FetchError(f"the token of {source.name}: {error}") from None
            products = in_order(source.ask(means.fetch, terms.zone, market_days(now_s), secret), source.name)
            believable(products, now_s, source.name)
            return products

        return ask

    def _take(self, products: tuple[Product, ...]) -> None:
        now_s = self._means.clock.now()
        if market_steps(products).known_until_s(now_s) < self.known_until_s:
            self._trouble = f"{self.name} tells fewer prices than it did before; those are kept"
            return
        self.products, self._trouble, self._has_answered = products, "", True
        self._since_s, self._since_boot_s = now_s, self._means.clock.boot()
        self._keep(self._kept_as, _Known(products=list(products)).model_dump_json())
        if self.known_until_s >= self._schedule.wanted_until_s(now_s):
            self._schedule.satisfied()

    def _fail(self, why: str) -> None:
        if why != self._trouble:
            log.warning("%s", why)
        self._trouble = why

    def _recall(self) -> None:
        """Take up what was known before a restart."""
        kept = self._kept(self._kept_as)
        if kept is None:
            return
        try:
            known = _Known.model_validate_json(kept.text, strict=False)
            self.products = in_order(known.products, self.name)
        except (ValidationError, FetchError) as error:
            log.warning("the prices kept of %s cannot be used: %s", self.name, error)
            return
        self._has_answered = True
        self._since_s = min(kept.at_s, self._means.clock.now())
        self._since_boot_s = self._means.clock.boot() - (self._means.clock.now() - self._since_s)

    def _was_asked_just_now(self, now_s: float) -> bool:
        """Whether it was asked within the shortest wait, by this process or one before it."""
        asked = self._kept(f"{self._kept_as} asked")
        return asked is not None and 0 <= now_s - asked.at_s < FIRST_WAIT_S

    def _kept(self, name: str) -> Kept | None:
        try:
            return self._means.store.kept(name)
        except StoreError as error:
            log.warning("what was known of %s is forgotten: %s", self.name, error)
            return None

    def _keep(self, name: str, text: str) -> None:
        try:
            self._means.store.keep(name, self._means.clock.now(), text)
        except StoreError as error:
            log.warning("prices of %s will not outlive a restart: %s", self.name, error)

    def _local(self, at_s: float) -> str:
        return dt.datetime.fromtimestamp(at_s, self._zone).strftime("%Y-%m-%d %H:%M")
