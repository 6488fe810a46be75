"""What `bitgrid status` prints, made from the answers of the house's own API. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SIGNALS = {
    "pv_power_w": ("PV", "W"),
    "house_load_w": ("house", "W"),
    "battery_power_w": ("battery", "W"),
    "battery_soc_pct": ("battery charge", "%"),
    "grid_power_w": ("grid", "W"),
}
OUTSIDE = {
    "import_price_ct_kwh": ("import", "ct/kWh"),
    "export_price_ct_kwh": ("export", "ct/kWh"),
}
WORTH = {".sats_per_kwh": "sats/kWh", ".hodl_ct_kwh": "ct/kWh"}
FORECASTS = {"pv_forecast_w": "PV forecast", "load_forecast_w": "house forecast"}
MARKS = {"ok": "✓", "warn": "!", "error": "✗", "silent": "✗"}
LANGUAGE = "en"


@dataclass(frozen=True)
class Report:
    """Answers of ``/api/v1/``: state, health and decisions of the house at ``url``."""

    url: str
    state: Mapping[str, Any]
    health: Mapping[str, Any]
    decisions: Mapping[str, Any]
    mirror: str = ""
    """How the mirror stands, in words; empty where it is off, or the house is on another machine."""


def render(report: Report) -> str:
    """The report as text."""
    return "\n".join(
        [
            *_head(report),
            *_signals(report.state),
            *_outside(report.state),
            *_loads(report),
            *_components(report.health),
            *_mirror(report),
            *_ledger(report),
        ]
    )


def _head(report: Report) -> Iterator[str]:
    state = report.state
    yield f"BitGrid at {report.url} · {_utc(state.get('at_s'))} in the house"
    if not state.get("is_live"):
        yield "  No live state: what stands below is old or missing. `bitgrid doctor` finds out why."
    if degraded := state.get("degraded"):
        yield f"  Degraded; no good value for: {', '.join(degraded)}"


def _signals(state: Mapping[str, Any]) -> Iterator[str]:
    yield "\nEnergy"
    known = state.get("signals") or {}
    for name, (label, unit) in SIGNALS.items():
        if name in known:
            yield f"  {label:<16}{_cell(known[name], unit)}"
    surplus = state.get("surplus_w")
    yield f"  {'surplus':<16}{_number(surplus)} W" if surplus is not None else "  surplus         not known"


def _outside(state: Mapping[str, Any]) -> Iterator[str]:
    """Prices, worth and forecasts: by whom, and how old."""
    known, forecasts = state.get("signals") or {}, state.get("forecasts") or {}
    if not (known.keys() & OUTSIDE.keys() or forecasts):
        return
    yield "\nPrices and forecasts"
    for name, (label, unit) in OUTSIDE.items():
        if name in known:
            yield f"  {label:<16}{_told(known[name], unit)}"
    for name, cell in known.items():
        for ending, unit in WORTH.items():
            if name.endswith(ending):
                yield f"  {name.removesuffix(ending):<16}{_told(cell, unit)}"
    for name, label in FORECASTS.items():
        if name in forecasts:
            yield f"  {label:<16}{_expected(forecasts[name])}"


def _told(cell: Mapping[str, Any], unit: str) -> str:
    value = cell.get("last_value")
    text = "missing" if value is None else f"{_number(round(value, 2), 2)} {unit}"
    return f"{text}  ({_origin(cell)})"


def _expected(told: Mapping[str, Any]) -> str:
    values = told.get("last_values") or []
    ahead = f"{_number(values[0])} W now, {len(values)} blocks ahead" if values else "none ahead"
    return f"{ahead}  ({_origin(told)})"


def _origin(told: Mapping[str, Any]) -> str:
    """Who told it and how old it is; how old what nobody decides by any more is, too."""
    age_s = told.get("age_s")
    age = "of unknown age" if age_s is None else f"{_age(age_s)} old"
    return f"{told.get('source') or 'unknown'}, {age}{'' if told.get('is_live') else ', not decided by'}"


def _age(age_s: float) -> str:
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if age_s >= 2 * length_s:
            return f"{age_s / length_s:.0f} {unit}"
    return f"{age_s:.0f} s"


def _cell(cell: Mapping[str, Any], unit: str) -> str:
    if cell.get("value") is not None:
        return f"{_number(cell['value'])} {unit}"
    if cell.get("last_value") is None:
        return "missing"
    age = cell.get("age_s")
    since = "" if age is None else f", {age:.0f} s ago"
    return f"old: {_number(cell['last_value'])} {unit}{since}"


def _loads(report: Report) -> Iterator[str]:
    yield "\nLoads"
    for load, state in sorted((report.state.get("loads") or {}).items()):
        yield f"  {load:<16}{_load(state)}"
        if why := _why(report.decisions, load):
            yield f"  {'':<16}{why}"


def _load(state: Mapping[str, Any] | None) -> str:
    if state is None:
        return "nothing heard of it yet"
    measured = state.get("measured_power_w")
    parts = [
        str(state["level"]),
        "power not measured" if measured is None else f"{_number(measured)} W measured",
        f"lease {state['lease_left_s']:.0f} s" if state["lease_left_s"] > 0 else "no lease",
    ]
    if state.get("trip"):
        parts.append(f"stopped by the guard: {state['trip']}")
    if state.get("override"):
        parts.append("override")
    if not state.get("is_live"):
        parts.append("old")
    return " · ".join(parts)


def _why(decisions: Mapping[str, Any], load: str) -> str:
    """The newest decision on a load, in a sentence."""
    for decision in decisions.get("decisions") or []:
        if decision.get("load") == load:
            return str(decision.get("texts", {}).get(LANGUAGE, {}).get("short", ""))
    return ""


def _components(health: Mapping[str, Any]) -> Iterator[str]:
    yield "\nHealth"
    if not health.get("is_connected"):
        yield "  ✗ broker          cannot be reached"
    for name, component in (health.get("components") or {}).items():
        status, reason = str(component.get("status")), str(component.get("reason") or "")
        yield f"  {MARKS.get(status, '?')} {name:<14}{status}{': ' + reason if reason else ''}"


def _mirror(report: Report) -> Iterator[str]:
    if report.mirror:
        yield f"\nMirror\n  {report.mirror}"


def _ledger(report: Report) -> Iterator[str]:
    """Where the ledger ended at the newest decision; whoever notes it down can tell later whether it was cut."""
    for newest in (report.decisions.get("decisions") or [])[:1]:
        if head := newest.get("ledger_head"):
            yield f"\nLedger\n  head            {head}"
            yield "  Noted down elsewhere, it shows later whether any are missing: bitgrid ledger verify --head …"


def _number(value: float, decimals: int = 1) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, float) and value != round(value) else f"{value:.0f}"


def _utc(epoch_s: float | None) -> str:
    return "unknown time" if epoch_s is None else f"{datetime.fromtimestamp(epoch_s, UTC):%Y-%m-%d %H:%M} UTC"
