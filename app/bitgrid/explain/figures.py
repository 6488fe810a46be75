"""Figures as people write them: numbers and units in the manner of a language, told by the name of the value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bitgrid.explain.language import Language

NO_BREAK_SPACE = "\u00a0"
_SWAP = str.maketrans(",.", ".,")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_KILO = 1000

# Ending of a value's name → decimals and unit; the first that fits counts.
_UNITS = (
    ("_ct_kwh", 2, "ct/kWh"),
    ("sats_per_kwh", 0, "sats/kWh"),
    ("_j_per_th", 1, "J/TH"),
    ("_wh", 0, "Wh"),
    ("_soc_pct", 1, "%"),
    ("_soft_min_pct", 1, "%"),
    ("_hard_min_pct", 1, "%"),
    ("_pct", 1, "%"),
    ("_ths", 1, "TH/s"),
    ("_c", 1, "°C"),
    ("_w", 0, "W"),
)


@dataclass(frozen=True)
class Figures:
    """Writes figures for one language and the house's time zone."""

    language: Language
    zone: ZoneInfo

    def value(self, name: str, value: float) -> str:
        """A value in the unit that its name ends with: ``temp_c`` 84.5 → ``84.5 °C``."""
        if name.endswith(("_at_s", "until_s")):
            return self.time_of_day(value)
        if name.endswith("_s"):
            return self.duration(value)
        for ending, decimals, unit in _UNITS:
            if name.endswith(ending):
                return f"{self.number(value, decimals)}{NO_BREAK_SPACE}{unit}"
        return self.number(value, 1)

    def number(self, value: float, decimals: int) -> str:
        """At most ``decimals`` places, none that are zero, thousands grouped, a true minus."""
        text = f"{value:,.{decimals}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        if text == "-0":
            text = "0"
        text = text.translate(_SWAP) if self.language == "de" else text
        return text.replace("-", "−")

    def plain(self, value: float) -> str:
        """A number as it stands in a form: no grouping, no unit, its decimals in the manner of the language."""
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.language == "de" else text

    def kwh(self, value: float) -> str:
        """Energy to the tenth of a kilowatt-hour."""
        return f"{self.number(value, 1)}{NO_BREAK_SPACE}kWh"

    def watts(self, value: float) -> str:
        """Power at a glance: ``790 W``, ``1.9 kW``."""
        if abs(value) < _KILO:
            return f"{self.number(value, 0)}{NO_BREAK_SPACE}W"
        text = f"{value / _KILO:,.1f}".replace("-", "−")
        return f"{text.translate(_SWAP) if self.language == 'de' else text}{NO_BREAK_SPACE}kW"

    def duration(self, seconds: float) -> str:
        """A length of time at a glance: ``45 s``, ``12 min``, ``3 h 05 min``, ``31 days``."""
        whole = max(0, int(seconds))
        if whole < 2 * _MINUTE_S:
            return f"{whole}{NO_BREAK_SPACE}s"
        if whole >= 2 * _DAY_S:
            days = "Tage" if self.language == "de" else "days"
            return f"{self.number(whole // _DAY_S, 0)}{NO_BREAK_SPACE}{days}"
        if whole < 2 * _HOUR_S:
            return f"{whole // _MINUTE_S}{NO_BREAK_SPACE}min"
        hours, minutes = whole // _HOUR_S, whole % _HOUR_S // _MINUTE_S
        return f"{hours} h {minutes:02} min".replace(" ", NO_BREAK_SPACE)

    def hours(self, seconds: float) -> str:
        """A length of time to the tenth of an hour: ``37.5 h``."""
        return f"{self.number(seconds / _HOUR_S, 1)}{NO_BREAK_SPACE}h"

    def countdown(self, seconds: float) -> str:
        """Minutes and seconds left: ``7:05``."""
        whole = max(0, int(seconds))
        return f"{whole // _MINUTE_S}:{whole % _MINUTE_S:02}"

    def time_of_day(self, epoch_s: float, *, seconds: bool = False) -> str:
        """The house's local time, ``14:30``."""
        return self._local(epoch_s).strftime("%H:%M:%S" if seconds else "%H:%M")

    def moment(self, epoch_s: float, now_s: float) -> str:
        """Local time, with the date when that is not today's: ``14:30``, ``03.07. 14:30``."""
        local = self._local(epoch_s)
        if local.date() == self._local(now_s).date():
            return local.strftime("%H:%M")
        return local.strftime("%d.%m. %H:%M" if self.language == "de" else "%d %b %H:%M")

    def date(self, epoch_s: float) -> str:
        """A day and its local time: ``2025-06-16 14:30``, ``16.06.2025 14:30``."""
        return self._local(epoch_s).strftime("%d.%m.%Y %H:%M" if self.language == "de" else "%Y-%m-%d %H:%M")

    def _local(self, epoch_s: float) -> datetime:
        return datetime.fromtimestamp(epoch_s, UTC).astimezone(self.zone)
