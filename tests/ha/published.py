"""What Home Assistant publishes of its MQTT discovery, as far as the bridge uses it: keys, and which go together.

Source: Home Assistant Core 2025.4.4, components/mqtt (schemas.py, config.py, sensor.py, event.py, button.py,
select.py, entity.py), components/sensor/const.py (DEVICE_CLASS_UNITS, DEVICE_CLASS_STATE_CLASSES) and const.py
(MAX_LENGTH_STATE_STATE). `make test-homeassistant` holds all of this against a Home Assistant that runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ROOT = {"device", "origin", "components", "availability", "availability_mode", "state_topic", "qos", "encoding"}
DEVICE = {
    "identifiers",
    "connections",
    "manufacturer",
    "model",
    "model_id",
    "name",
    "hw_version",
    "sw_version",
    "serial_number",
    "via_device",
    "suggested_area",
    "configuration_url",
}
ORIGIN = {"name", "sw_version", "support_url"}
_ENTITY = {"platform", "unique_id", "name", "icon", "entity_category", "enabled_by_default", "object_id"}
_ENTITY |= {"json_attributes_topic", "json_attributes_template", "qos", "encoding"}
_READ = {"state_topic", "value_template"}
_ASKED = {"command_topic", "command_template", "retain"}
PLATFORMS: dict[str, set[str]] = {
    "sensor": _ENTITY
    | _READ
    | {
        "device_class",
        "unit_of_measurement",
        "state_class",
        "suggested_display_precision",
        "expire_after",
        "force_update",
        "last_reset_value_template",
        "options",
    },
    "event": _ENTITY | _READ | {"device_class", "event_types"},
    "button": _ENTITY | _ASKED | {"device_class", "payload_press"},
    "select": _ENTITY | _READ | _ASKED | {"options", "optimistic"},
}
REQUIRED = {
    "sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "button": {"command_topic"},
    "select": {"command_topic", "options"},
}
UNITS: dict[str, set[str | None]] = {
    "power": {"mW", "W", "kW", "MW", "GW", "TW"},
    "battery": {"%"},
    "temperature": {"°C", "°F", "K"},
    "energy": {"J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal", "Gcal"},
    "timestamp": {None},
    "enum": {None},
}
"""By device class; a class that is not here (monetary) takes any."""
STATE_CLASSES: dict[str, set[str]] = {
    "power": {"measurement"},
    "battery": {"measurement"},
    "temperature": {"measurement"},
    "energy": {"total", "total_increasing"},
    "monetary": {"total"},
    "timestamp": set(),
    "enum": set(),
}
CATEGORIES = {"sensor": {"diagnostic"}, "event": {"diagnostic"}, "button": {"config", "diagnostic"}}
CATEGORIES["select"] = {"config", "diagnostic"}
MAX_STATE = 255
DISCOVERY_TOPIC = re.compile(r"homeassistant/device/[a-zA-Z0-9_-]+/config")


def problems(topic: str, message: dict[str, Any]) -> Iterator[str]:
    """What Home Assistant would refuse or complain of in a device's discovery message."""
    if not DISCOVERY_TOPIC.fullmatch(topic):
        yield f"{topic} is no topic of a device"
    yield from _unknown("message", message, ROOT)
    yield from _unknown("device", message["device"], DEVICE)
    yield from _unknown("origin", message["origin"], ORIGIN)
    if not message["device"].get("identifiers"):
        yield "the device has no identifiers"
    if "name" not in message["origin"]:
        yield "the origin has no name"
    for key, component in message["components"].items():
        for problem in _of_component(component):
            yield f"{key}: {problem}"


def _of_component(component: dict[str, Any]) -> Iterator[str]:
    platform = component.get("platform", "")
    if platform not in PLATFORMS:
        yield f"there is no platform {platform!r}"
        return
    if component == {"platform": platform}:
        return  # how a component is taken away
    yield from _unknown(platform, component, PLATFORMS[platform])
    missing = (REQUIRED[platform] | {"unique_id"}) - set(component)
    if missing:
        yield f"lacks {', '.join(sorted(missing))}"
    category = component.get("entity_category")
    if category is not None and category not in CATEGORIES[platform]:
        yield f"{platform} takes no entity_category {category}"
    if platform == "sensor":
        yield from _of_sensor(component)


def _of_sensor(component: dict[str, Any]) -> Iterator[str]:
    kind, unit = component.get("device_class"), component.get("unit_of_measurement")
    state_class = component.get("state_class")
    if kind in UNITS and unit not in UNITS[kind]:
        yield f"{kind} has no unit {unit!r}"
    if kind in STATE_CLASSES and state_class is not None and state_class not in STATE_CLASSES[kind]:
        yield f"{kind} has no state_class {state_class}"
    if ("options" in component) != (kind == "enum"):
        yield "options and device_class enum belong together"
    if state_class is not None and unit is None:
        yield f"state_class {state_class} without a unit"


def _unknown(where: str, told: dict[str, Any], known: set[str]) -> Iterator[str]:
    for key in sorted(set(told) - known):
        yield f"{where} knows no {key}"
