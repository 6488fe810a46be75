"""What a simulated period came to, and how two of them are put side by side. Energies are exact: watt seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from bitgrid.kernel import Action, Decision
from bitgrid.replay.block_house import Flow

WS_PER_KWH = 3_600_000
DAY_S = 86_400
_EUR = 10_000
"""In 0.01 ct."""


@dataclass
class Kpis:
    """Sums over a period. Money is in 0.01 ct/kWh × watt seconds, as exact as the energies."""

    seconds: int = 0
    pv_ws: int = 0
    house_ws: int = 0
    mined_ws: int = 0
    surplus_ws: int = 0
    imported_ws: int = 0
    exported_ws: int = 0
    import_cost: int = 0
    export_revenue: int = 0
    hodl_value: int = 0
    starts: int = 0
    switches: int = 0
    level_s: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    soc_start: int | None = None
    soc_end: int | None = None

    def flowed(self, flow: Flow, import_price: int, export_price: int, hodl: int) -> None:
        """Add a step; prices and hodl in 0.01 ct/kWh."""
        mined_ws = sum(flow.miners_ws)
        self.seconds += flow.seconds
        self.pv_ws += flow.pv_ws
        self.house_ws += flow.house_ws
        self.mined_ws += mined_ws
        self.hodl_value += mined_ws * hodl
        self.surplus_ws += max(0, flow.pv_ws - flow.house_ws)
        if flow.grid_ws >= 0:
            self.imported_ws += flow.grid_ws
            self.import_cost += flow.grid_ws * import_price
        else:
            self.exported_ws -= flow.grid_ws
            self.export_revenue -= flow.grid_ws * export_price

    def decided(self, decision: Decision) -> None:
        """Count a switch."""
        if decision.action is Action.HOLD:
            return
        self.switches += 1
        self.starts += decision.action is Action.START
        if decision.action is Action.STOP:
            self.stops[decision.code.value] += 1

    def plus(self, later: Kpis) -> Kpis:
        """Two periods one after the other, as one."""
        summed = {
            told.name: getattr(self, told.name) + getattr(later, told.name)
            for told in fields(self)
            if not told.name.startswith("soc")
        }
        return Kpis(**summed, soc_start=self.soc_start, soc_end=later.soc_end)

    @property
    def cost_eur(self) -> float:
        """What the period cost: import, less export, less what was mined."""
        return (self.import_cost - self.export_revenue - self.hodl_value) / WS_PER_KWH / _EUR

    @property
    def surplus_used_pct(self) -> float | None:
        """Of what sun left over after the household, the share that was not exported; None without surplus."""
        return _percent(self.surplus_ws - self.exported_ws, self.surplus_ws)

    @property
    def self_consumption_pct(self) -> float | None:
        """Of the PV energy, the share used at home; None without sun."""
        return _percent(self.pv_ws - self.exported_ws, self.pv_ws)

    @property
    def autarky_pct(self) -> float | None:
        """Of the energy used at home, mining included, the share not bought; None where nothing was used."""
        used_ws = self.house_ws + self.mined_ws
        return _percent(used_ws - self.imported_ws, used_ws)


def rows(kpis: Kpis, without: Kpis) -> dict[str, str]:
    """A column of the table: what a person compares, by name; ``without`` is the same house without mining."""
    days = kpis.seconds / DAY_S
    table = {
        "mined": _kwh(kpis.mined_ws),
        "surplus used": _share(kpis.surplus_used_pct),
        "grid import": _kwh(kpis.imported_ws),
        "grid export": _kwh(kpis.exported_ws),
        "self-consumption": _share(kpis.self_consumption_pct),
        "autarky": _share(kpis.autarky_pct),
        "battery at the end": "none" if kpis.soc_end is None else f"{kpis.soc_end / 10:.1f} %",
        "starts": str(kpis.starts),
        "switches a day": f"{kpis.switches / days:.2f}",
        "cost (− gain)": _eur(kpis.cost_eur),
        "better than not mining": _eur(without.cost_eur - kpis.cost_eur),
    }
    table |= {f"hours {level}": f"{seconds / 3600:.1f} h" for level, seconds in sorted(kpis.level_s.items())}
    return table | {f"stops by {code}": str(count) for code, count in sorted(kpis.stops.items())}


def figures(kpis: Kpis, without: Kpis) -> dict[str, float | dict[str, int] | None]:
    """The same for programs: kWh, %, EUR as their names end; ``stops`` by code."""
    return {
        "mined_kwh": kpis.mined_ws / WS_PER_KWH,
        "surplus_used_pct": kpis.surplus_used_pct,
        "import_kwh": kpis.imported_ws / WS_PER_KWH,
        "export_kwh": kpis.exported_ws / WS_PER_KWH,
        "autarky_pct": kpis.autarky_pct,
        "soc_end_pct": None if kpis.soc_end is None else kpis.soc_end / 10,
        "starts": kpis.starts,
        "switches": kpis.switches,
        "cost_eur": kpis.cost_eur,
        "gain_eur": without.cost_eur - kpis.cost_eur,
        "stops": dict(sorted(kpis.stops.items())),
    }


def side_by_side(columns: dict[str, dict[str, str]]) -> str:
    """Columns by heading, as text; where one lacks a row it says 0."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    names.sort(key=lambda name: name.startswith("hours ") + 2 * name.startswith("stops "))
    lines = [["", *columns], *([name, *(column.get(name, "0") for column in columns.values())] for name in names)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    return "\n".join("  ".join(_aligned(line, widths)) for line in lines)


def _aligned(line: list[str], widths: list[int]) -> list[str]:
    """The name to the left, the figures to the right."""
    cells = zip(line[1:], widths[1:], strict=True)
    return [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in cells)]


def _percent(part_ws: int, whole_ws: int) -> float | None:
    return 100 * part_ws / whole_ws if whole_ws > 0 else None


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.1f} %"


def _kwh(energy_ws: int) -> str:
    return f"{energy_ws / WS_PER_KWH:.1f} kWh"


def _eur(eur: float) -> str:
    return f"{eur:.2f} EUR"
