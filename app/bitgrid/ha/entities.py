"""Which entities the house and each of its loads have in Home Assistant. Pure; names are in ``texts/``.

What an option means, and which go together, is Home Assistant's to say: tests/ha/published.py has its rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bitgrid.bus import Topics
from bitgrid.config import Config, LoadConfig
from bitgrid.config.signals import SignalName

Platform = Literal["sensor", "event", "button", "select"]

HOUSE, TODAY, LOAD, DECISION, ANSWER = "house", "today", "load", "decision", "answer"
"""Topics under ``…/ha/``; those of a load and its decisions go on with its id."""
EXPIRE_MACHINE_S = 60
"""A value that was not told again for so long is none any more, whatever became of the bridge."""
EXPORT_DAYS = 7
AUTONOMIES = ("manual", "assisted", "semi", "full")
STATUSES = ("ok", "warn", "error")
EVENTS = ("start", "stop", "throttle", "hold")
ANSWERS = ("accepted", "refused", "no_answer", "not_sent")
_SHOWN: tuple[SignalName, ...] = (
    "pv_power_w",
    "house_load_w",
    "grid_power_w",
    "battery_power_w",
    "battery_soc_pct",
)
_DERIVED = frozenset({"house_load_w"})
"""Known without a device for it: from the balance."""
_ENERGY: Mapping[str, Any] = {
    "device_class": "energy",
    "unit_of_measurement": "kWh",
    "state_class": "total_increasing",
    "suggested_display_precision": 1,
}
_SHARE: Mapping[str, Any] = {
    "unit_of_measurement": "%",
    "state_class": "measurement",
    "suggested_display_precision": 0,
}
FIGURES: Mapping[str, Mapping[str, Any]] = {
    "pv_kwh": _ENERGY,
    "grid_import_kwh": _ENERGY,
    "grid_export_kwh": _ENERGY,
    "loads_kwh": _ENERGY,
    "autarky_pct": _SHARE,
    "self_consumption_pct": _SHARE,
    "sats": {"unit_of_measurement": "sat", "suggested_display_precision": 0},
    "value_against_export_eur": {
        "device_class": "monetary",
        "unit_of_measurement": "EUR",
        "suggested_display_precision": 2,
    },
}
"""The key figures of today that are shown, by their names in docs/kpi.md."""


@dataclass(frozen=True)
class Entity:
    """One entity of a device.

    Args:
        key: names it: in its unique id, in the texts, and, for a sensor, in the document that tells its value.
        platform: what it is to Home Assistant.
        options: what Home Assistant is told of it besides its name.
        words: options whose values are keys of texts, to be said in the owner's language.
    """

    key: str
    platform: Platform
    options: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()


def of_house(config: Config, topics: Topics) -> Iterator[Entity]:
    """The house's entities: flows, surplus, autonomy, health, answers, key figures, and a bundle where allowed."""
    told = topics.ha(HOUSE)
    for signal in _SHOWN:
        if signal in config.site.measured | _DERIVED:
            yield _sensor(signal, told, _unit(signal))
    yield _sensor("surplus_w", told, _unit("surplus_w"))
    yield _enum("health", told, tuple(f"status-{name}" for name in STATUSES), entity_category="diagnostic")
    yield _autonomy(topics, told, is_select=config.site.home_assistant.autonomy_select)
    yield Entity("answer", "event", {"state_topic": topics.ha(ANSWER), "event_types": list(ANSWERS)})
    for name, options in FIGURES.items():
        yield _sensor(name, topics.ha(TODAY), options, expires=False)
    if config.flags.research:
        wish = {"command_topic": topics.ha("cmd", "export"), "payload_press": f'{{"days": {EXPORT_DAYS}}}'}
        yield Entity("export", "button", wish | {"entity_category": "diagnostic"})


def of_load(load: LoadConfig, topics: Topics) -> Iterator[Entity]:
    """A load's entities: what it does, by which rule and why, when that may change, and the buttons."""
    told, command = topics.ha(LOAD, load.id), topics.ha("cmd", "override")
    yield _sensor("power_w", told, _unit("power_w"))
    yield _sensor("level", told, {}, attributes="level_details")
    yield _sensor("rule", told, {}, attributes="rule_details")
    yield _sensor("sentence", told, {}, attributes="sentence_details")
    yield _sensor("next_change", told, {"device_class": "timestamp"})
    if load.miner is not None:
        yield _sensor("temp_c", told, _unit("temp_c"))
        yield _sensor("hashrate_ths", told, _unit("hashrate_ths"))
    yield Entity("decision", "event", {"state_topic": topics.ha(DECISION, load.id), "event_types": list(EVENTS)})
    highest = load.levels[-1].name
    for key, wish in (("stop", '"action": "stop"'), ("boost", f'"action": "level", "level": "{highest}"')):
        press = f'{{"load": "{load.id}", {wish}}}'
        yield Entity(key, "button", {"command_topic": command, "payload_press": press})


def gone(config: Config) -> Iterator[Entity]:
    """What a house with another configuration would have, and this one must not keep."""
    other: Platform = "sensor" if config.site.home_assistant.autonomy_select else "select"
    yield Entity(f"autonomy_{other}", other)
    if not config.flags.research:
        yield Entity("export", "button")


def _sensor(
    key: str, topic: str, options: Mapping[str, Any], *, attributes: str = "", expires: bool = True
) -> Entity:
    told: dict[str, Any] = {"state_topic": topic, "value_template": f"{{{{ value_json.{key} }}}}", **options}
    if expires:
        told["expire_after"] = EXPIRE_MACHINE_S
    if attributes:
        told |= {
            "json_attributes_topic": topic,
            "json_attributes_template": f"{{{{ value_json.{attributes} | tojson }}}}",
        }
    return Entity(key, "sensor", told)


def _enum(key: str, topic: str, words: tuple[str, ...], **options: str) -> Entity:
    made = _sensor(key, topic, {"device_class": "enum", **options}, attributes=f"{key}_details")
    return Entity(made.key, made.platform, made.options, words)


def _autonomy(topics: Topics, told: str, *, is_select: bool) -> Entity:
    """A select only where Home Assistant may change it; two keys, for a key cannot change its platform."""
    words = tuple(f"autonomy-{name}" for name in AUTONOMIES)
    if not is_select:
        made = _enum("autonomy", told, words)
        return Entity("autonomy_sensor", "sensor", made.options, words)
    options = {
        "state_topic": told,
        "value_template": "{{ value_json.autonomy }}",
        "command_topic": topics.ha("cmd", "autonomy"),
        "command_template": "{{ {'autonomy': value} | tojson }}",
    }
    return Entity("autonomy_select", "select", options, words)


def _unit(name: str) -> dict[str, Any]:
    """What Home Assistant calls a quantity that is told by the end of its name."""
    kinds = {
        "_w": ("power", "W", 0),
        "_soc_pct": ("battery", "%", 0),
        "_c": ("temperature", "°C", 1),
        "_ths": (None, "TH/s", 1),
    }
    kind, unit, decimals = next(told for ending, told in kinds.items() if name.endswith(ending))
    measured = {
        "unit_of_measurement": unit,
        "state_class": "measurement",
        "suggested_display_precision": decimals,
    }
    return measured if kind is None else {"device_class": kind, **measured}
