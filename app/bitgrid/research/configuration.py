"""A configuration without names, addresses and secrets, by which every recorded decision is derived all the same.

What is known to be the owner's is replaced, key by key. Then every text that is left must be a word of the schema,
a pseudonym, a time or a time zone: a key that is new to this list is refused, not let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from bitgrid.config import Config, Flags, Policies, Rules, Site
from bitgrid.config.network import is_loopback
from bitgrid.replay.archive import config_from_json
from bitgrid.research.errors import NotPseudonymous
from bitgrid.research.names import Names

HOUSE = "house"
PLACE_DIGITS = 0
"""Latitude and longitude are given to a whole degree, some 100 km."""
_OURS = re.compile(
    r"((load|device|level|profile|surcharge|topic|secret|miner_profile)_\d+|host-\d+|https://host-\d+\.invalid"
    r"|([01]\d|2[0-4]):[0-5]\d|/dev/gpiochip\d+|/cookie)"
)
_Json = dict[str, Any]


def pseudonymised(config: Config, names: Names) -> Config:
    """The same house under other names; its hash is another one.

    Raises:
        NotPseudonymous: it holds a text that nobody expected there.
    """
    parts = json.loads(config.canonical_json)
    _site(parts["site"], names)
    parts["profiles"] = {}
    for path, text in _texts(parts, ""):
        if text not in _words() and not _OURS.fullmatch(text) and not _may_stay(path, text):
            raise NotPseudonymous(
                f"the configuration's {path} is a text that cannot be replaced, so nothing was handed out"
            )
    return config_from_json(json.dumps(parts))


def _site(site: _Json, names: Names) -> None:
    """Replace what is the owner's, in place."""
    site["site"], site["name"], site["mirror"] = HOUSE, HOUSE, None
    for key in ("latitude", "longitude"):
        site["location"][key] = float(round(site["location"][key], PLACE_DIGITS))
    for load in site["loads"]:
        _load(load, names)
    for device in site["devices"]:
        device["id"] = names.device(device["id"])
        _host(device, names)
        _named(device, names, {"secret": "secret_", "topic": "topic_", "profile": "profile_"})
    _host(site["broker"], names)
    _host(site["web"], names)
    _tariff(site["tariff"], names)
    if site["bitcoin"] is not None:
        _bitcoin(site["bitcoin"], names)


def _load(load: _Json, names: Names) -> None:
    load["id"] = names.load(load["id"])
    for level in load["levels"]:
        level["name"] = names.level(level["name"])
        _named(level, names, {"profile": "miner_profile_"})
    for part in (load["miner"], load["relay"]):
        if part is not None:
            _host(part, names)
            _named(part, names, {"secret": "secret_"})


def _tariff(tariff: _Json, names: Names) -> None:
    market = tariff["day_ahead"]
    if market is not None:
        _named(market, names, {"secret": "secret_"})
        surcharges = market["surcharges_ct_kwh"].items()
        market["surcharges_ct_kwh"] = {names.other(name, "surcharge_"): price for name, price in surcharges}


def _bitcoin(bitcoin: _Json, names: Names) -> None:
    node = bitcoin["node"]
    if node is not None:
        _host(node, names)
        _named(node, names, {"secret": "secret_"})
        node["cookie"] = None if node["cookie"] is None else "/cookie"
    if bitcoin["api"] is not None:
        bitcoin["api"] = f"https://{names.host(bitcoin['api'])}.invalid"


def _host(part: _Json, names: Names) -> None:
    if part["host"] is not None and not is_loopback(part["host"]):
        part["host"] = names.host(part["host"])


def _named(part: _Json, names: Names, prefixes: dict[str, str]) -> None:
    for key, prefix in prefixes.items():
        if part[key] is not None:
            part[key] = names.other(part[key], prefix)


def _may_stay(path: str, text: str) -> bool:
    if path == "site.location.timezone" or (path.startswith("site.") and text == HOUSE):
        return True
    return path.endswith(".host") and is_loopback(text)


@cache
def _words() -> frozenset[str]:
    """Every word that a schema itself names: kinds, policies, sources, the owner's prescribed sentence."""
    found: set[str] = set()
    for model in (Site, Rules, Flags, Policies):
        _gather(model.model_json_schema(by_alias=True), found)
    return frozenset(found)


def _gather(node: object, found: set[str]) -> None:
    if isinstance(node, dict):
        found.update(word for word in [*node.get("enum", []), node.get("const")] if isinstance(word, str))
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            _gather(inner, found)


def _texts(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text with where it stands, and every key that is an owner's."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, list):
        for inner in node:
            yield from _texts(inner, path)
    elif isinstance(node, dict):
        for key, inner in node.items():
            if path.endswith("surcharges_ct_kwh"):
                yield path, key
            yield from _texts(inner, f"{path}.{key}".lstrip("."))
