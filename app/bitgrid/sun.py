"""Where the sun stands and what a PV system yields under a cloudless sky. Pure arithmetic, standard library only.

Position after Meeus, Astronomical Algorithms (1998), ch. 25, the short form that NOAA's solar calculator uses
too: within 0.01° of the full theory from 1950 to 2050, without refraction. Sky: global irradiance after Haurwitz
(1945), direct after Meinel (1976) with the air mass of Kasten and Young (1989), the rest taken as diffuse and
equally bright everywhere. Nothing is known here of haze, snow, the horizon's hills, dirt or the inverter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

J2000_EPOCH_S = 946_728_000
"""2000-01-01T12:00:00Z, from which the theory counts."""
SOLAR_CONSTANT_W_M2 = 1361.0
STANDARD_IRRADIANCE_W_M2 = 1000.0
GROUND_ALBEDO = 0.2


class Plane(Protocol):
    """A plane of PV modules: peak power in W, tilt from the horizontal, azimuth with 180 for south."""

    @property
    def peak_w(self) -> int:
        """Power under standard conditions, W."""

    @property
    def tilt_deg(self) -> float:
        """0 lies flat, 90 hangs on a wall."""

    @property
    def azimuth_deg(self) -> float:
        """0 north, 90 east, 180 south, 270 west."""


@dataclass(frozen=True)
class SunPosition:
    """Elevation above the horizon (negative: below) and azimuth (0 north, 90 east), without refraction."""

    elevation_deg: float
    azimuth_deg: float


@dataclass(frozen=True)
class Irradiance:
    """Clear-sky irradiance, W/m²: on the horizontal, straight from the sun, and from the rest of the sky."""

    global_w_m2: float
    direct_normal_w_m2: float
    diffuse_w_m2: float


def sun_position(epoch_s: float, latitude: float, longitude: float) -> SunPosition:
    """Where the sun stands at a time (UTC epoch seconds) over a place (degrees, north and east positive)."""
    days = (epoch_s - J2000_EPOCH_S) / 86_400
    right_ascension, declination = _equatorial(days / 36_525)
    sidereal = math.radians((280.46061837 + 360.98564736629 * days + longitude) % 360)
    hour_angle, latitude_rad = sidereal - right_ascension, math.radians(latitude)
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.sin(declination) * math.cos(latitude_rad) - math.cos(declination) * math.sin(
        latitude_rad
    ) * math.cos(hour_angle)
    up = math.sin(declination) * math.sin(latitude_rad) + math.cos(declination) * math.cos(
        latitude_rad
    ) * math.cos(hour_angle)
    return SunPosition(
        math.degrees(math.asin(max(-1.0, min(1.0, up)))), math.degrees(math.atan2(east, north)) % 360
    )


def _equatorial(centuries: float) -> tuple[float, float]:
    """Right ascension, counted from the mean equinox as sidereal time is, and declination of the sun, radians."""
    mean_longitude = 280.46646 + centuries * (36_000.76983 + centuries * 0.0003032)
    anomaly = math.radians(357.52911 + centuries * (35_999.05029 - centuries * 0.0001537))
    centre = (
        (1.914602 - centuries * (0.004817 + centuries * 0.000014)) * math.sin(anomaly)
        + (0.019993 - centuries * 0.000101) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    node = math.radians(125.04 - 1934.136 * centuries)
    longitude = math.radians(mean_longitude + centre - 0.00569 - 0.00478 * math.sin(node))
    obliquity = math.radians(23.4392911 - 0.0130042 * centuries + 0.00256 * math.cos(node))
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    equinoxes = math.radians(-0.00478 * math.sin(node)) * math.cos(obliquity)
    return right_ascension - equinoxes, math.asin(math.sin(obliquity) * math.sin(longitude))


def clear_sky(elevation_deg: float) -> Irradiance:
    """Irradiance under a cloudless sky with the sun at this elevation; nothing once it has set."""
    if elevation_deg <= 0:
        return Irradiance(0.0, 0.0, 0.0)
    height = math.sin(math.radians(elevation_deg))
    air_mass = 1 / (height + 0.50572 * (elevation_deg + 6.07995) ** -1.6364)
    global_w_m2 = 1098 * height * math.exp(-0.059 / height)
    direct_w_m2 = min(SOLAR_CONSTANT_W_M2 * 0.7 ** (air_mass**0.678), global_w_m2 / height)
    return Irradiance(global_w_m2, direct_w_m2, max(0.0, global_w_m2 - direct_w_m2 * height))


def plane_irradiance_w_m2(sun: SunPosition, tilt_deg: float, azimuth_deg: float) -> float:
    """Clear-sky irradiance on a tilted plane: direct, diffuse and what the ground throws back, W/m²."""
    return irradiance_under_w_m2(clear_sky(sun.elevation_deg), sun, tilt_deg, azimuth_deg)


def irradiance_under_w_m2(sky: Irradiance, sun: SunPosition, tilt_deg: float, azimuth_deg: float) -> float:
    """The same where the sky of that sun is known already, as for many planes at one time."""
    tilt = math.radians(tilt_deg)
    elevation = math.radians(sun.elevation_deg)
    incidence = math.sin(elevation) * math.cos(tilt) + math.cos(elevation) * math.sin(tilt) * math.cos(
        math.radians(sun.azimuth_deg - azimuth_deg)
    )
    direct = sky.direct_normal_w_m2 * max(0.0, incidence)
    diffuse = sky.diffuse_w_m2 * (1 + math.cos(tilt)) / 2
    return direct + diffuse + GROUND_ALBEDO * sky.global_w_m2 * (1 - math.cos(tilt)) / 2


def clear_sky_w(epoch_s: float, latitude: float, longitude: float, planes: Iterable[Plane]) -> int:
    """Power of a whole PV system under a cloudless sky, W: each plane's peak power times its suns."""
    sun = sun_position(epoch_s, latitude, longitude)
    suns = (plane.peak_w * plane_irradiance_w_m2(sun, plane.tilt_deg, plane.azimuth_deg) for plane in planes)
    return round(sum(suns) / STANDARD_IRRADIANCE_W_M2)
