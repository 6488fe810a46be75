"""The fixed tariff of site.yaml, as signals."""

from __future__ import annotations

from collections.abc import Iterator

from bitgrid.bus import Telemetry
from bitgrid.config.site import Tariff
from bitgrid.feeds.port import Told

DEVICE = "tariff"


class FixedTariffFeed:
    """A feed of prices that never change: what a kWh costs and earns, gross, ct/kWh."""

    def __init__(self, tariff: Tariff) -> None:
        self._prices = {
            "import_price_ct_kwh": tariff.import_ct_kwh,
            "export_price_ct_kwh": tariff.export_ct_kwh,
        }

    def step(self) -> None:
        """Nothing is ever due."""

    def told(self) -> Iterator[Told]:
        """Both prices."""
        for signal, price in self._prices.items():
            yield Told(DEVICE, signal, Telemetry(value=price, source="fixed tariff"))

    def problem(self) -> str:
        """Nothing can be wrong with it."""
        return ""
