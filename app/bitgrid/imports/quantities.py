"""What can be imported: signals, the units their figures may come in, and what is not possible in a home."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Signal = Literal[
    "pv_power_w",
    "house_load_w",
    "grid_power_w",
    "battery_power_w",
    "battery_soc_pct",
    "pv_forecast_w",
    "day_ahead_eur_mwh",
    "import_price_ct_kwh",
    "export_price_ct_kwh",
]
Kind = Literal["power", "energy", "counter", "level"]
"""A power; the energy of each row's interval; a counter's reading; or anything that holds until it changes."""

SIGNALS: tuple[Signal, ...] = get_args(Signal)
POWERS = frozenset(name for name in SIGNALS if name.endswith("_w"))
POWER_UNITS = {"W": 1.0, "kW": 1e3, "MW": 1e6}
ENERGY_UNITS = {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6, "J": 1 / 3600, "kJ": 1 / 3.6, "MJ": 1e3 / 3.6, "GJ": 1e6 / 3.6}
_LEVEL_UNITS = {
    "battery_soc_pct": {"%": 1.0},
    "day_ahead_eur_mwh": {"EUR/MWh": 1.0, "EUR/kWh": 1e3, "ct/kWh": 10.0},
    "import_price_ct_kwh": {"ct/kWh": 1.0, "EUR/kWh": 100.0, "EUR/MWh": 0.1},
    "export_price_ct_kwh": {"ct/kWh": 1.0, "EUR/kWh": 100.0, "EUR/MWh": 0.1},
}
MOST_POWER_W = 50_000.0
"""More than this no connection of a home carries: three phases at 63 A are 43.6 kW."""

_NIGHT_DRAW_W = 500.0


class Limits(NamedTuple):
    """The lowest and the highest value that can be."""

    lowest: float
    highest: float


def units(signal: Signal, kind: Kind) -> dict[str, float]:
    """Units by name, and what a figure is multiplied by: to W, to Wh, or to the signal's own unit.

    Empty where a signal cannot be told in this way.
    """
    if kind == "power":
        return POWER_UNITS if signal in POWERS else {}
    if kind in {"energy", "counter"}:
        return ENERGY_UNITS if signal in POWERS else {}
    return _LEVEL_UNITS.get(signal, {})


def limits(signal: Signal, most_power_w: float, *, invert_sign: bool) -> Limits:
    """What is possible for a part of a signal, as the source tells it.

    An inverter draws a little at night, so PV may be somewhat below 0.
    """
    if signal == "battery_soc_pct":
        return Limits(0, 100)
    if signal == "day_ahead_eur_mwh":
        return Limits(-1000, 10_000)
    if signal not in POWERS:
        return Limits(-1000, 1000)
    if signal != "pv_power_w":
        return Limits(-most_power_w, most_power_w)
    return Limits(-most_power_w, _NIGHT_DRAW_W) if invert_sign else Limits(-_NIGHT_DRAW_W, most_power_w)
