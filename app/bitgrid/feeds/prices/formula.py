"""From the market's price to the household's: what a kWh bought costs, gross, and what one sold earns."""

from __future__ import annotations

from collections.abc import Sequence

from bitgrid.config.tariff import DayAhead, Tariff
from bitgrid.feeds.prices.product import Product
from bitgrid.feeds.prices.steps import Step, Steps

HOUR_S = 3600


def gross_ct_kwh(market_ct_kwh: float, terms: DayAhead) -> float:
    """What a kWh costs by a contract's terms, at a market price (net, ct/kWh).

    The mark-up is of the price's amount: a supplier does not pay its share out when the price is negative.
    """
    net = market_ct_kwh + abs(market_ct_kwh) * terms.markup_pct / 100 + sum(terms.surcharges_ct_kwh.values())
    return net * (1 + terms.vat_pct / 100)


def import_steps(products: Sequence[Product], terms: DayAhead) -> Steps:
    """What a kWh bought costs; the supplier's own figure where it tells one."""
    return Steps(
        Step(
            product.start_s,
            product.end_s,
            gross_ct_kwh(product.market_ct_kwh, terms) if product.gross_ct_kwh is None else product.gross_ct_kwh,
        )
        for product in products
    )


def export_steps(products: Sequence[Product], tariff: Tariff) -> Steps:
    """What a kWh sold earns."""
    market = market_steps(products)
    return Steps(Step(one.start_s, one.end_s, _earned_ct_kwh(one, market, tariff)) for one in products)


def market_steps(products: Sequence[Product]) -> Steps:
    """The market's own prices."""
    return Steps(Step(product.start_s, product.end_s, product.market_ct_kwh) for product in products)


def _earned_ct_kwh(product: Product, market: Steps, tariff: Tariff) -> float:
    terms = tariff.export
    if _is_unpaid(product, market, terms.unpaid_when_negative):
        return 0.0
    return tariff.export_ct_kwh if terms.kind == "fixed" else product.market_ct_kwh - terms.fee_ct_kwh


def _is_unpaid(product: Product, market: Steps, unpaid_when_negative: str) -> bool:
    """Whether nothing is paid; of an hour known in part each product speaks for itself."""
    if unpaid_when_negative == "never":
        return False
    hour_s = product.start_s - product.start_s % HOUR_S
    hour = market.mean(hour_s, hour_s + HOUR_S) if unpaid_when_negative == "hour" else None
    return (product.market_ct_kwh if hour is None else hour) < 0
