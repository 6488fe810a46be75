"""What is expected: the curves that the feeds told, put together into the kernel's one forecast."""

from __future__ import annotations

import math
from operator import is_

from bitgrid.bus import Curve, SignalView
from bitgrid.bus import Quality as BusQuality
from bitgrid.control.blocks import BlockClock
from bitgrid.control.signals import Sample, SignalBook
from bitgrid.kernel import Forecast, Quality, Signal, to_scaled

FORECAST_STALE_S = 3 * 3600
"""A forecast is told every minute; one of which nothing was heard for so long is none any more. Prices are
published, not guessed: a curve of them holds until it ends."""
PV, LOAD = ("forecast", "pv_forecast_w"), ("forecast", "load_forecast_w")
PRICES = {
    "import_price_ct_kwh": ("tariff", "import_prices_ct_kwh"),
    "export_price_ct_kwh": ("tariff", "export_prices_ct_kwh"),
}
CURVES = (PV, LOAD, *PRICES.values())
_LOW, _MEDIAN, _HIGH = range(3)


class Expected:
    """Keeps the forecast in force: a newer one that says the same of what is ahead does not replace it."""

    def __init__(self, book: SignalBook, blocks: BlockClock) -> None:
        self._book, self._blocks = book, blocks
        self._made_of: tuple[Sample | None, ...] = ()
        self._known: Forecast | None = None

    def forecast(self) -> Forecast | None:
        """What is expected from the block now beginning on; None where neither sun nor prices are told."""
        block = self._blocks.block()
        samples = tuple(self._fresh(curve) for curve in CURVES)
        if len(samples) == len(self._made_of) and all(map(is_, samples, self._made_of)):
            return self._known
        self._made_of = samples
        pv, load, *prices = ([] if sample is None else _from(sample, block) for sample in samples)
        told = Forecast(
            block,
            pv_w=_quantile(pv, _MEDIAN),
            pv_low_w=_quantile(pv, _LOW) if _has_quantiles(pv) else (),
            pv_high_w=_quantile(pv, _HIGH) if _has_quantiles(pv) else (),
            load_w=_quantile(load, _MEDIAN),
            import_prices=_quantile(prices[0], _MEDIAN, "ct_kwh"),
            export_prices=_quantile(prices[1], _MEDIAN, "ct_kwh"),
        )
        if not any((told.pv_w, told.import_prices, told.export_prices)):
            self._known = None
        elif self._known is None or not _goes_on(self._known, told):
            self._known = told
        return self._known

    def price(self, name: str) -> Signal | None:
        """What a kWh costs or earns in this block, by the curve that the feeds told; None where that ends."""
        sample = self._book.newest(*PRICES[name])
        coming = [] if sample is None else _from(sample, self._blocks.block())
        if sample is None or not coming:
            return None
        age_s = math.ceil(max(0.0, self._blocks.clock.boot() - sample.value_boot_s))
        return Signal(_scaled(coming[0], _MEDIAN, "ct_kwh"), age_s, Quality.GOOD, sample.source)

    def views(self) -> dict[str, SignalView]:
        """What sun and household are expected to be from this block on, W: how old, by whom, whether it counts."""
        block, now_boot_s = self._blocks.block(), self._blocks.clock.boot()
        views = {}
        for device, name in (PV, LOAD):
            sample = self._book.newest(device, name)
            coming = [] if sample is None else _from(sample, block)
            if sample is None or not coming:
                continue
            counts = self._fresh((device, name)) is not None
            views[name] = SignalView(
                value=[value if isinstance(value, float) else value[_MEDIAN] for value in coming],
                quality=BusQuality.GOOD if counts else BusQuality.STALE,
                age_s=max(0.0, now_boot_s - sample.value_boot_s),
                source=sample.source,
            )
        return views

    def _fresh(self, curve: tuple[str, str]) -> Sample | None:
        sample = self._book.newest(*curve)
        if sample is None or sample.first_block is None or not isinstance(sample.value, list):
            return None
        if curve in (PV, LOAD) and not all(map(_is_power, sample.value)):
            return None
        is_published = curve in PRICES.values()
        is_recent = self._blocks.clock.boot() - sample.heard_boot_s <= FORECAST_STALE_S
        return sample if is_published or (is_recent and sample.is_good) else None


def _from(sample: Sample, block: int) -> Curve:
    """A curve from a block on; nothing where it begins later, for what lies between is not known."""
    if not isinstance(sample.value, list) or sample.first_block is None or sample.first_block > block:
        return []
    return sample.value[block - sample.first_block :]


def _is_power(value: float | tuple[float, float, float]) -> bool:
    """Whether watts can be so: none negative, quantiles in their order."""
    if isinstance(value, float):
        return value >= 0
    low, median, high = value
    return 0 <= low <= median <= high


def _has_quantiles(curve: Curve) -> bool:
    return bool(curve) and not isinstance(curve[0], float)


def _quantile(curve: Curve, quantile: int, scale_of: str = "power_w") -> tuple[int, ...]:
    return tuple(_scaled(value, quantile, scale_of) for value in curve)


def _scaled(value: float | tuple[float, float, float], quantile: int, scale_of: str) -> int:
    return to_scaled(scale_of, value if isinstance(value, float) else value[quantile])


def _goes_on(known: Forecast, told: Forecast) -> bool:
    """Whether a known forecast says the same as a newer one, and still reaches half as far."""
    passed = told.first_block - known.first_block
    curves = [
        (value[passed:], getattr(told, name)) for name, value in vars(known).items() if name != "first_block"
    ]
    return passed >= 0 and all(
        len(ahead) * 2 >= len(newer) and ahead == newer[: len(ahead)] for ahead, newer in curves
    )
