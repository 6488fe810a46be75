"""Sun and clouds: PV power as a function of place, planes, seed and time, and of nothing else.

Sources: the sun's place by the US Naval Observatory's low-precision formulas (about an arc minute); air mass by
Kasten and Young (1989); direct light under a clear sky by Meinel (1976), a tenth of it again as diffuse light;
system losses of 14 % as PVGIS assumes them. The clouds are invented: a slow overcast, and clouds that pass in
minutes.
"""

from __future__ import annotations

from math import asin, atan2, cos, degrees, pi, radians, sin, tan

from bitgrid.config import Site
from bitgrid.config.site import PvPlane
from bitgrid.plant.noise import drift

J2000_EPOCH_S = 946_728_000
SYSTEM_EFFICIENCY = 0.86
GROUND_REFLECTION = 0.2
STANDARD_LIGHT_W_M2 = 1000.0

_OVERCAST_SLOW, _OVERCAST_FAST, _CLOUD_FIELD, _CLOUD_EDGES = 1, 2, 3, 4  # channels of chance
_OVERCAST_LOSS = 0.5
_CLOUD_LOSS = 0.7
_CLOUD_EDGE = 0.12


def sun_position(epoch_s: float, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """Elevation above the horizon and azimuth from north by east, both in radians, without refraction."""
    days = (epoch_s - J2000_EPOCH_S) / 86_400
    anomaly = radians(357.529 + 0.98560028 * days)
    ecliptic = radians(280.459 + 0.98564736 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.00000036 * days)
    declination = asin(sin(tilt) * sin(ecliptic))
    right_ascension = atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
    sidereal_deg = 15 * (18.697374558 + 24.06570982441908 * days)
    hour_angle = radians(sidereal_deg + longitude_deg) - right_ascension
    latitude = radians(latitude_deg)
    elevation = asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle))
    azimuth = atan2(-sin(hour_angle), tan(declination) * cos(latitude) - sin(latitude) * cos(hour_angle))
    return elevation, azimuth % (2 * pi)


def clear_sky_light(plane: PvPlane, elevation: float, azimuth: float) -> float:
    """Light on a tilted plane under a clear sky, W/m²; the sun's place in radians."""
    if elevation <= 0:
        return 0.0
    air_mass = 1 / (sin(elevation) + 0.50572 * (degrees(elevation) + 6.07995) ** -1.6364)
    direct: float = 1353 * 0.7 ** (air_mass**0.678)
    diffuse = 0.1 * direct
    tilt, facing = radians(plane.tilt_deg), radians(plane.azimuth_deg)
    head_on = sin(elevation) * cos(tilt) + cos(elevation) * sin(tilt) * cos(azimuth - facing)
    ground = (direct * sin(elevation) + diffuse) * GROUND_REFLECTION
    return direct * max(0.0, head_on) + diffuse * (1 + cos(tilt)) / 2 + ground * (1 - cos(tilt)) / 2


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
        elevation, azimuth = sun_position(epoch_s, self._place.latitude, self._place.longitude)
        if elevation <= 0:
            return 0
        clear_w = sum(
            plane.peak_w * clear_sky_light(plane, elevation, azimuth) / STANDARD_LIGHT_W_M2
            for plane in self._planes
        )
        return round(clear_w * SYSTEM_EFFICIENCY * self._clouds.transmittance(epoch_s))
