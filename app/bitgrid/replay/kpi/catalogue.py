"""The catalogue: each figure's name, unit, version and source, and how it follows from sums; words: ``texts/``.

A figure's version rises when its formula changes, so that nobody compares two that were reckoned differently.
A share is of the same blocks above and below the line. What cannot be known is an `Unknown`, never a 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bitgrid.replay.kpi.sums import Sums

STATES, DECISIONS, VALUES, EVENTS, SESSIONS = SOURCES = (
    "states",
    "decisions",
    "energy_to_value",
    "events",
    "explain_sessions",
)
HOUR_S, DAY_S = 3600, 86_400
_KILO, _CENTS = 1000, 100


class Unknown(StrEnum):
    """Why a figure is not known; said in words by ``why-…`` in the texts."""

    NO_PV = "no-pv"
    NO_HOUSEHOLD = "no-household"
    NO_LOADS = "no-loads"
    NO_METER = "no-meter"
    NO_BALANCE = "no-balance"
    NO_BASELINE = "no-baseline"
    NO_SUN = "no-sun"
    NO_USE = "no-use"
    NO_SURPLUS = "no-surplus"
    NO_WORK = "no-work"
    NO_WORTH = "no-worth"
    NO_DECISIONS = "no-decisions"
    NO_SESSIONS = "no-sessions"
    NO_TIMES = "no-times"
    NO_BATTERY = "no-battery"
    NO_PRICE = "no-price"
    NO_PATHS = "no-paths"


Value = float | dict[str, int] | Unknown


@dataclass(frozen=True)
class Kpi:
    """A figure.

    Args:
        name: its name in JSON; ends with its unit where it has one.
        unit: for people.
        sources: the archive's kinds it comes from.
        blocks: which sum counts the blocks it is known for.
        unknown: why it is not known where there are no such blocks.
        reckon: its value from the sums of a period or a day.
        group: under which heading it stands.
        version: of its formula.
    """

    name: str
    unit: str
    sources: tuple[str, ...]
    blocks: str
    unknown: Unknown
    reckon: Callable[[Sums], Value]
    group: str
    version: int = 1

    def value(self, sums: Sums) -> Value:
        """Its value; an `Unknown` where nothing is known of it."""
        return self.reckon(sums) if self.known_blocks(sums) else self.unknown

    def known_blocks(self, sums: Sums) -> int:
        """In how many blocks it is known."""
        return int(getattr(sums, self.blocks))


def _kwh(name: str, of: str, blocks: str, unknown: Unknown) -> Kpi:
    """An energy that is added up."""
    return Kpi(name, "kWh", (STATES,), blocks, unknown, lambda sums: float(getattr(sums, of)) / _KILO, "energy")


def _share(part: float, whole: float, empty: Unknown) -> Value:
    """In percent."""
    return 100 * min(1.0, max(0.0, part / whole)) if whole > 0 else empty


def _of_whole(name: str, reckon: Callable[[Sums], Value]) -> Kpi:
    return Kpi(name, "%", (STATES,), "whole_blocks", Unknown.NO_BALANCE, reckon, "energy")


def _baseline(name: str, reckon: Callable[[Sums], Value], unit: str = "kWh") -> Kpi:
    return Kpi(name, unit, (STATES,), "base_blocks", Unknown.NO_BASELINE, reckon, "baseline", 2)


def _worth(name: str, reckon: Callable[[Sums], float]) -> Kpi:
    return Kpi(
        name,
        "EUR",
        (VALUES,),
        "worth_blocks",
        Unknown.NO_WORTH,
        lambda sums: reckon(sums) / _CENTS,
        "value",
    )


def _decided(
    name: str, unit: str, reckon: Callable[[Sums], Value], group: str, *more: str, version: int = 1
) -> Kpi:
    return Kpi(name, unit, (DECISIONS, *more), "ticks", Unknown.NO_DECISIONS, reckon, group, version)


def _said(sums: Sums, value: Callable[[Sums], Value]) -> Value:
    if not sums.timed:
        return Unknown.NO_TIMES if sums.explained else Unknown.NO_SESSIONS
    return value(sums)


CATALOGUE: tuple[Kpi, ...] = (
    _kwh("pv_kwh", "pv_wh", "pv_blocks", Unknown.NO_PV),
    _kwh("household_kwh", "house_wh", "house_blocks", Unknown.NO_HOUSEHOLD),
    _kwh("loads_kwh", "loads_wh", "loads_blocks", Unknown.NO_LOADS),
    _kwh("grid_import_kwh", "import_wh", "grid_blocks", Unknown.NO_METER),
    _kwh("grid_export_kwh", "export_wh", "grid_blocks", Unknown.NO_METER),
    _kwh("battery_charged_kwh", "charged_wh", "charged_blocks", Unknown.NO_BATTERY),
    _kwh("surplus_kwh", "whole_surplus_wh", "whole_blocks", Unknown.NO_BALANCE),
    _of_whole(
        "self_consumption_pct",
        lambda s: _share(s.whole_pv_wh - s.export_of_surplus_wh, s.whole_pv_wh, Unknown.NO_SUN),
    ),
    _of_whole(
        "autarky_pct", lambda s: _share(s.whole_used_wh - s.import_for_use_wh, s.whole_used_wh, Unknown.NO_USE)
    ),
    _of_whole(
        "surplus_used_pct",
        lambda s: _share(s.whole_surplus_wh - s.export_of_surplus_wh, s.whole_surplus_wh, Unknown.NO_SURPLUS),
    ),
    Kpi(
        "loads_from_surplus_pct",
        "%",
        (VALUES,),
        "split_blocks",
        Unknown.NO_LOADS,
        lambda s: _share(s.split_surplus_wh, s.split_wh, Unknown.NO_WORK),
        "energy",
    ),
    Kpi(
        "balance_gap_kwh",
        "kWh",
        (STATES,),
        "whole_blocks",
        Unknown.NO_BALANCE,
        lambda s: (s.whole_pv_wh + s.whole_grid_wh - s.whole_used_wh - s.whole_battery_wh) / _KILO,
        "energy",
    ),
    _baseline("import_uncontrolled_kwh", lambda s: s.base_even_wh / _KILO),
    _baseline("import_modelled_kwh", lambda s: s.base_as_it_was_wh / _KILO),
    _baseline("import_reduction_kwh", lambda s: (s.base_even_wh - s.base_as_it_was_wh) / _KILO),
    _baseline(
        "import_reduction_pct",
        lambda s: (
            100 * (s.base_even_wh - s.base_as_it_was_wh) / s.base_even_wh if s.base_even_wh > 0 else Unknown.NO_USE
        ),
        "%",
    ),
    _baseline("import_without_loads_kwh", lambda s: s.base_without_wh / _KILO),
    _baseline("baseline_deviation_kwh", lambda s: (s.base_as_it_was_wh - s.base_measured_wh) / _KILO),
    _baseline("baseline_battery_kwh", lambda s: s.base_stored_wh / _KILO),
    _decided("loads_on_h", "h", lambda s: s.on_s / HOUR_S, "loads", version=2),
    _decided("starts", "", lambda s: s.starts, "loads"),
    _decided("starts_per_day", "", lambda s: s.starts * DAY_S / s.decided_s, "loads"),
    _decided("flapping", "", lambda s: s.flaps, "loads", version=2),
    _decided("thermal_incidents", "", lambda s: s.heat_stops + s.heat_trips, "loads", EVENTS, version=2),
    Kpi("sats", "sat", (VALUES,), "sats_blocks", Unknown.NO_WORTH, lambda s: s.sats, "value"),
    Kpi(
        "sats_per_kwh",
        "sat/kWh",
        (VALUES,),
        "sats_blocks",
        Unknown.NO_WORTH,
        lambda s: s.sats * _KILO / s.sats_wh if s.sats_wh > 0 else Unknown.NO_WORK,
        "value",
    ),
    _worth("mined_value_eur", lambda s: s.mined_ct),
    _worth("export_value_eur", lambda s: s.export_ct),
    _worth("bought_value_eur", lambda s: s.bought_ct),
    _worth("value_against_export_eur", lambda s: s.mined_ct - s.export_ct - s.bought_ct),
    Kpi(
        "export_income_eur",
        "EUR",
        (STATES,),
        "sold_blocks",
        Unknown.NO_PRICE,
        lambda s: s.sold_ct / _CENTS,
        "value",
    ),
    Kpi(
        "blocks_by_path",
        "",
        (VALUES,),
        "path_blocks",
        Unknown.NO_PATHS,
        lambda s: dict(sorted(s.paths.items())),
        "value",
    ),
    Kpi(
        "availability_pct",
        "%",
        (DECISIONS,),
        "ticks_due",
        Unknown.NO_DECISIONS,
        lambda s: _share(s.ticks, s.ticks_due, Unknown.NO_DECISIONS),
        "work",
    ),
    _decided("decision_latency_mean_s", "s", lambda s: s.late_s / s.ticks, "work"),
    _decided("decision_latency_max_s", "s", lambda s: s.most_late_s, "work"),
    _decided(
        "explanation_coverage_pct",
        "%",
        lambda s: _share(s.explained, s.decisions, Unknown.NO_DECISIONS) if s.explained else Unknown.NO_SESSIONS,
        "work",
        SESSIONS,
        version=2,
    ),
    _decided(
        "explanation_latency_mean_s",
        "s",
        lambda s: _said(s, lambda told: told.said_after_s / told.timed),
        "work",
        SESSIONS,
        version=2,
    ),
    _decided(
        "explanation_latency_max_s",
        "s",
        lambda s: _said(s, lambda told: told.most_said_after_s),
        "work",
        SESSIONS,
        version=2,
    ),
    _decided("holds_by_rule", "", lambda s: dict(sorted(s.holds.items())), "rules"),
    _decided("vetoes_by_rule", "", lambda s: dict(sorted(s.vetoes.items())), "rules"),
)
"""Every figure there is, in the order in which people read them."""

GROUPS = tuple(dict.fromkeys(kpi.group for kpi in CATALOGUE))
