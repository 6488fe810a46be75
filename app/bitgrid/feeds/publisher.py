"""Publishes what the feeds know: once a minute, at once in a new block, and at once when the broker is back."""

from __future__ import annotations

from bitgrid.bus import Bus, Telemetry, Topics
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.feeds.clearsky import pv_forecast_w
from bitgrid.feeds.tariff import prices_ct_kwh

INTERVAL_S = 60.0
TARIFF, FORECAST = "tariff", "forecast"
PV_FORECAST = "pv_forecast_w"


class FeedsPublisher:
    """Stepped by its process. A house without ``pv`` in its site.yaml gets no forecast."""

    def __init__(self, config: Config, bus: Bus, clock: Clock) -> None:
        self._site, self._block_s = config.site, config.rules.block_s
        self._topics, self._bus, self._clock = Topics(config.site.site), bus, clock
        self._told_boot_s: float | None = None
        self._block: int | None = None
        self._forecast_w: list[float] = []

    def step(self) -> None:
        """Publish if it is time to."""
        if not self._bus.is_connected:
            self._told_boot_s = None
            return
        block = int(self._clock.now() // self._block_s)
        if block != self._block:
            self._block, self._told_boot_s = block, None
            self._forecast_w = pv_forecast_w(self._site, block, self._block_s) if self._site.pv else []
        if self._told_boot_s is None or self._clock.boot() - self._told_boot_s >= INTERVAL_S:
            self._told_boot_s = self._clock.boot()
            self._publish()

    def _publish(self) -> None:
        for signal, price in prices_ct_kwh(self._site.tariff).items():
            self._tell(TARIFF, signal, Telemetry(value=price, source="fixed tariff"))
        if self._forecast_w:
            self._tell(FORECAST, PV_FORECAST, Telemetry(value=self._forecast_w, source="clear-sky"))

    def _tell(self, device: str, signal: str, telemetry: Telemetry) -> None:
        self._bus.publish(self._topics.telemetry(device, signal), telemetry, retain=True)
