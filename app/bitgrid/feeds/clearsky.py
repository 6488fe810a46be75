"""The PV forecast of a cloudless sky: from where the house stands and how its roof lies; nothing learned."""

from __future__ import annotations

from collections.abc import Iterator

from bitgrid.bus import Telemetry
from bitgrid.clock import Clock
from bitgrid.config import Site
from bitgrid.feeds.port import Told
from bitgrid.sun import clear_sky_w

HORIZON_S = 86_400
DEVICE, SIGNAL = "forecast", "pv_forecast_w"


class ClearSkyFeed:
    """A feed of the clear sky over a site's roof; a house without ``pv`` in its site.yaml is told nothing."""

    def __init__(self, site: Site, clock: Clock, block_s: int) -> None:
        self._site, self._clock, self._block_s = site, clock, block_s
        self._block: int | None = None
        self._forecast_w: list[float] = []

    def step(self) -> None:
        """Reckon anew in a new block."""
        block = int(self._clock.now() // self._block_s)
        if block != self._block and self._site.pv:
            self._block, self._forecast_w = block, pv_forecast_w(self._site, block, self._block_s)

    def told(self) -> Iterator[Told]:
        """The forecast from this block on."""
        if self._forecast_w:
            telemetry = Telemetry(value=self._forecast_w, source="clear-sky", first_block=self._block)
            yield Told(DEVICE, SIGNAL, telemetry)

    def problem(self) -> str:
        """Nothing can be wrong with it."""
        return ""


def pv_forecast_w(site: Site, block: int, block_s: int) -> list[float]:
    """Mean PV power of each block of the next 24 hours, W; index 0 is ``block`` itself.

    Each block is represented by its middle; the sun's height is close to a straight line over ten minutes.
    """
    place = site.location
    middles = ((block + i) * block_s + block_s / 2 for i in range(HORIZON_S // block_s))
    return [float(clear_sky_w(at_s, place.latitude, place.longitude, site.pv)) for at_s in middles]
