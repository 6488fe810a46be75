"""Run by Home Assistant's own Python: what it says of itself, as JSON; and what it says to messages on stdin."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from typing import Any

import voluptuous as vol
from homeassistant.components.mqtt import button, event, select, sensor
from homeassistant.components.mqtt.schemas import (
    DEVICE_DISCOVERY_SCHEMA,
    MQTT_ENTITY_DEVICE_INFO_SCHEMA,
    MQTT_ORIGIN_INFO_SCHEMA,
)
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame

PLATFORMS = {"sensor": sensor, "event": event, "button": button, "select": select}


def keys(schema: object) -> list[str]:
    """The keys of a schema, whatever it is wrapped in."""
    if isinstance(schema, vol.All):
        return sorted({key for inner in schema.validators for key in keys(inner)})
    if isinstance(schema, vol.Schema) and isinstance(schema.schema, dict):
        return sorted(str(key) for key in schema.schema)
    return []


def complaints(message: dict[str, Any]) -> list[str]:
    """What it refuses in a device's message."""
    found = []
    try:
        DEVICE_DISCOVERY_SCHEMA(message)
    except vol.Invalid as error:
        found.append(str(error))
    for key, component in message["components"].items():
        if len(component) == 1:
            continue
        try:
            told = {name: value for name, value in component.items() if name != "platform"}
            PLATFORMS[component["platform"]].DISCOVERY_SCHEMA({**told, "device": message["device"]})
        except vol.Invalid as error:
            found.append(f"{key}: {error}")
    return found


async def main() -> None:
    """Facts and complaints, with as much of a Home Assistant as its templates ask for."""
    frame.async_setup(HomeAssistant(tempfile.gettempdir()))
    units = {
        str(kind): [None if unit is None else str(unit) for unit in told]
        for kind, told in DEVICE_CLASS_UNITS.items()
    }
    classes = {str(kind): [str(one) for one in told] for kind, told in DEVICE_CLASS_STATE_CLASSES.items()}
    facts = {
        "units": units,
        "state_classes": classes,
        "max_state": MAX_LENGTH_STATE_STATE,
        "root": keys(DEVICE_DISCOVERY_SCHEMA),
        "device": keys(MQTT_ENTITY_DEVICE_INFO_SCHEMA),
        "origin": keys(MQTT_ORIGIN_INFO_SCHEMA),
        "platforms": {name: keys(module.DISCOVERY_SCHEMA) for name, module in PLATFORMS.items()},
        "complaints": [complaints(message) for message in json.load(sys.stdin)],
    }
    json.dump(facts, sys.stdout)


asyncio.run(main())
