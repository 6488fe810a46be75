"""Sun and clouds: PV power as a function of place, planes, seed and time, and of nothing else.

The clear sky is `bitgrid.sun`'s, with system losses of 14 % as PVGIS assumes them. The clouds are invented: a slow
overcast, and clouds that pass in minutes.
"""

from __future__ import annotations

from bitgrid.config import Site
from bitgrid.plant.noise import drift
from bitgrid.sun import clear_sky_w

SYSTEM_EFFICIENCY = 0.86

_OVERCAST_SLOW, _OVERCAST_FAST, _CLOUD_FIELD, _CLOUD_EDGES = 1, 2, 3, 4  # channels of chance
_OVERCAST_LOSS = 0.5
_CLOUD_LOSS = 0.7
_CLOUD_EDGE = 0.12


class Clouds:
    """What the clouds let through.

    Args:
        seed: which weather it is.
        cloudiness: 0 never a cloud, 1 hardly ever sun.
    """

    def __init__(self, seed: int, cloudiness: float) -> None:
        self._seed, self._cloudiness = seed, cloudiness

    def transmittance(self, epoch_s: float) -> float:
        """The part of the clear sky's light that arrives, above 0 and at most 1."""
        overcast = 0.7 * drift(self._seed, _OVERCAST_SLOW, epoch_s, 8 * 3600)
        overcast += 0.3 * drift(self._seed, _OVERCAST_FAST, epoch_s, 2 * 3600)
        cover = min(1.0, self._cloudiness * (0.3 + 1.4 * overcast))
        field = 0.75 * drift(self._seed, _CLOUD_FIELD, epoch_s, 900)
        field += 0.25 * drift(self._seed, _CLOUD_EDGES, epoch_s, 180)
        shade = min(1.0, max(0.0, (cover * (1 + _CLOUD_EDGE) - field) / _CLOUD_EDGE))
        return (1 - _OVERCAST_LOSS * cover * cover) * (1 - _CLOUD_LOSS * shade)


class Weather:
    """The PV system of a site under its own sky."""

    def __init__(self, site: Site, seed: int, cloudiness: float) -> None:
        self._place, self._planes = site.location, site.pv
        self._clouds = Clouds(seed, cloudiness)

    def pv_power_w(self, epoch_s: float) -> int:
        """Power of all planes, W."""
        clear_w = clear_sky_w(epoch_s, self._place.latitude, self._place.longitude, self._planes)
        return round(clear_w * SYSTEM_EFFICIENCY * self._clouds.transmittance(epoch_s))
