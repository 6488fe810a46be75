"""The discovery messages: one a device, in the form that Home Assistant asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bitgrid
from bitgrid.bus import Topics
from bitgrid.config import Config
from bitgrid.ha.entities import Entity, gone, of_house, of_load
from bitgrid.ha.phrases import Phrases

MAKER = "BitGrid"
AVAILABLE = "available"
"""Topic under ``…/ha/``: ``online``, or by the bridge's last will ``offline``; retained."""


def messages(config: Config, phrases: Phrases) -> Iterator[tuple[str, dict[str, Any]]]:
    """Topic and message of each device: the house, then its loads."""
    topics = Topics(config.site.site)
    house = topics.ha_device()
    device = {"identifiers": [house], "name": config.site.name, "model": phrases.t("model-house")}
    made = _message(topics, house, device, of_house(config, topics), phrases)
    made["components"] |= {entity.key: {"platform": entity.platform} for entity in gone(config)}
    yield topics.ha_discovery(house), made
    for load in config.site.loads:
        name = topics.ha_device(load.id)
        device = {
            "identifiers": [name],
            "name": phrases.load(load.id),
            "model": phrases.t("model-miner" if load.miner else "model-load"),
            "via_device": house,
        }
        yield topics.ha_discovery(name), _message(topics, name, device, of_load(load, topics), phrases)


def _message(
    topics: Topics, name: str, device: dict[str, Any], entities: Iterable[Entity], phrases: Phrases
) -> dict[str, Any]:
    version = bitgrid.__version__
    return {
        "device": {**device, "manufacturer": MAKER, "sw_version": version},
        "origin": {"name": MAKER, "sw_version": version},
        "availability": [{"topic": topics.ha(AVAILABLE)}],
        "components": {entity.key: _component(entity, name, phrases) for entity in entities},
    }


def _component(entity: Entity, device: str, phrases: Phrases) -> dict[str, Any]:
    told: dict[str, Any] = {
        "platform": entity.platform,
        "unique_id": f"{device}_{entity.key}",
        "name": phrases.t(f"entity-{entity.key}"),
        **entity.options,
    }
    if entity.words:
        told["options"] = [phrases.t(key) for key in entity.words]
    return told
