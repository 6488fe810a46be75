"""What is told of the house, a load and a decision: JSON objects, from which each entity takes its value. Pure.

What is not live is null, which Home Assistant shows as unknown, never as a value. States that people read are in
the owner's language; beside them, under ``…_details``, stands what automations may rely on in any language.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bitgrid.bus import HealthStatus, LoadState
from bitgrid.config import LoadConfig, Site
from bitgrid.explain import RecordView
from bitgrid.ha.entities import AUTONOMIES
from bitgrid.ha.phrases import Phrases
from bitgrid.web.house import PASSING, Cell, Decided, House
from bitgrid.web.view import COMPONENTS

MAX_STATE = 255
"""Longer states are refused by Home Assistant."""
_CUT = "…"
_LATEST_S = 4_102_444_800  # until 2100, as the records have it
_NUMBERS = ("_w", "_pct", "_c")

Document = dict[str, Any]


def of_house(house: House, site: Site, phrases: Phrases) -> Document:
    """Flows, surplus, autonomy and health."""
    shown = sorted(name for name in site.measured if name.endswith(_NUMBERS))
    energy = house.energy.message if house.energy is not None and house.is_live(house.energy) else None
    autonomy = None if energy is None or energy.autonomy is None else AUTONOMIES[energy.autonomy]
    worst, problems = _health(house, phrases)
    return {
        **{name: _number(name, house.signal(name)) for name in shown},
        "house_load_w": _number("house_load_w", house.house_load()),
        "surplus_w": None if energy is None else energy.surplus_w,
        "autonomy": None if autonomy is None else phrases.t(f"autonomy-{autonomy}"),
        "autonomy_details": {"autonomy": autonomy},
        "health": phrases.t(f"status-{worst}"),
        "health_details": {"status": worst, "problems": problems},
    }


def of_load(house: House, load: LoadConfig, phrases: Phrases) -> Document:
    """What a load does, and why."""
    heard = house.loads.get(load.id)
    state = heard.message if heard is not None and house.is_live(heard) else None
    decided = None if state is None else house.latest(load.id)
    is_current = decided is not None and house.now_s < decided.view.valid_until_s + house.timeout_s
    return {
        "power_w": _number("power_w", house.load_power(load.id)),
        "temp_c": _number("temp_c", house.signal(f"{load.id}.temp_c")),
        "hashrate_ths": _number("hashrate_ths", house.signal(f"{load.id}.hashrate_ths")),
        "level": None if state is None else phrases.words.level(state.level),
        "level_details": {} if state is None else _level(state),
        **_why(decided if is_current else None, phrases),
        "next_change": _next_change(house, decided if is_current else None),
    }


def of_decision(decided: Decided, phrases: Phrases) -> Document:
    """A decision as an event."""
    view = decided.view
    return {
        "event_type": view.action.lower(),
        "level": view.level,
        "power_w": view.power_w,
        "rule": view.rule,
        "code": view.code,
        "trigger": view.trigger.lower(),
        "sentence": phrases.sentence(view),
        "at": iso(view.at_s),
        "decision_id": decided.id,
    }


def iso(epoch_s: float) -> str | None:
    """A moment as Home Assistant reads it; None for one that no calendar has."""
    if not 0 <= epoch_s <= _LATEST_S:
        return None
    return datetime.fromtimestamp(int(epoch_s), UTC).isoformat()


def _why(decided: Decided | None, phrases: Phrases) -> Document:
    if decided is None:
        return {
            "rule": None,
            "rule_details": {},
            "sentence": None,
            "sentence_details": {},
        }
    view = decided.view
    sentence = phrases.sentence(view)
    return {
        "rule": phrases.rule(view.rule),
        "rule_details": {"rule": view.rule, "code": view.code},
        "sentence": _short(sentence),
        "sentence_details": {"sentence": sentence, **_beside(view, phrases), "decision_id": decided.id},
    }


def _beside(view: RecordView, phrases: Phrases) -> Document:
    """What would have changed the decision, and what is wrong with what it rests on; where there is any."""
    beside: Document = {"would_change": phrases.words.alternatives(view), "warning": phrases.words.warning(view)}
    return {name: told for name, told in beside.items() if told}


def _level(state: LoadState) -> Document:
    ends_at_s = (state.override or {}).get("ends_at_s")
    until = iso(ends_at_s) if isinstance(ends_at_s, int | float) else None
    return {"level": state.level, "override_until": until}


def _next_change(house: House, decided: Decided | None) -> str | None:
    """When the earliest hold, lockout or override ends, else the block. Protection waits for none of them."""
    if decided is None or house.energy is None or not house.is_live(house.energy):
        return None
    pending_s = decided.view.next_change_at_s
    return iso(pending_s if pending_s and pending_s > house.now_s else house.energy.message.block_ends_s)


def _health(house: House, phrases: Phrases) -> tuple[str, list[str]]:
    """The worst of all components, and what is wrong with whom. A component that is silent is trouble.

    So is a backup that failed, or an update of the whole system that was not kept; neither need be heard of.
    """
    found = {
        name: house.component(name) for name in (*COMPONENTS, *(one for one in PASSING if _is_ill(house, one)))
    }
    statuses = {status for status, _reason in found.values()}
    worst = "error" if statuses & {"error", "silent"} else "warn" if "warn" in statuses else "ok"
    return worst, list(_problems(found, phrases))


def _is_ill(house: House, passing: str) -> bool:
    heard = house.health.get(passing)
    return heard is not None and heard.message.status is not HealthStatus.OK


def _problems(found: dict[str, tuple[str, str]], phrases: Phrases) -> Iterator[str]:
    for name, (status, reason) in found.items():
        if status == "silent":
            yield phrases.t("problem-silent", component=name)
        elif status != "ok":
            yield phrases.t("problem", component=name, reason=reason or status)


def _number(name: str, cell: Cell) -> float | int | None:
    """A live value, as fine as it is worth telling; None for one that is not live."""
    if not cell.is_live or cell.value is None:
        return None
    return round(cell.value) if name.endswith("_w") else round(cell.value, 1)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= MAX_STATE else sentence[: MAX_STATE - len(_CUT)] + _CUT
