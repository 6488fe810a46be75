"""The PV forecast of a cloudless sky: from where the house stands and how its roof lies; nothing learned."""

from __future__ import annotations

from bitgrid.config import Site
from bitgrid.sun import clear_sky_w

HORIZON_S = 86_400


def pv_forecast_w(site: Site, block: int, block_s: int) -> list[float]:
    """Mean PV power of each block of the next 24 hours, W; index 0 is ``block`` itself.

    Each block is represented by its middle; the sun's height is close to a straight line over ten minutes.
    """
    place = site.location
    middles = ((block + i) * block_s + block_s / 2 for i in range(HORIZON_S // block_s))
    return [float(clear_sky_w(at_s, place.latitude, place.longitude, site.pv)) for at_s in middles]
