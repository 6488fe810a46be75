"""The configuration of an appliance: the house of `config/`, with a broker that asks who is there."""

from __future__ import annotations

import shutil
from pathlib import Path

from ruamel.yaml import YAML

from bitgrid.config import Config, load_config

ROOT = Path(__file__).parents[3]
HOME_ASSISTANT = {"name": "homeassistant", "kind": "home_assistant"}
HEATER_METER = {"name": "tank", "kind": "device", "tls": False}
TANK = {
    "id": "tank",
    "kind": "profile",
    "profile": "mqtt_number",
    "topic": "cellar/tank",
    "signals": ["room_temp_c"],
}


def write_config(  # noqa: PLR0913  one argument each for what a site may have
    directory: Path,
    *,
    broker: dict[str, object] | None = None,
    tank: str = "cellar/tank",
    mirror: dict[str, object] | None = None,
    gateway: dict[str, object] | None = None,
    bridged: bool = False,
) -> Path:
    """A whole configuration; ``broker`` adds to an appliance's own, ``bridged``: Home Assistant is told of it."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("bitgrid_rules.yaml", "flags.yaml", "policies.yaml"):
        shutil.copyfile(ROOT / "config" / name, directory / name)
    shutil.copytree(ROOT / "config" / "devices", directory / "devices")
    yaml = YAML(typ="rt")
    site = yaml.load((ROOT / "config" / "site.yaml").read_text(encoding="utf-8"))
    site["broker"] = {"host": "127.0.0.1", "port": 1883, "log_in": "password", **(broker or {})}
    site["web"] = {"login": "required", "proxy": True, "names": ["bitgrid.local"]}
    if mirror is not None:
        site["mirror"] = mirror
    if gateway is not None:
        site["gateway"] = gateway
    if bridged:
        site["home_assistant"] = {"enabled": True}
    site["devices"].append({**TANK, "topic": tank})
    with (directory / "site.yaml").open("wb") as out:
        yaml.dump(site, out)
    return directory


def config_of(
    directory: Path,
    *,
    tank: str = "cellar/tank",
    gateway: dict[str, object] | None = None,
    bridged: bool = False,
    **broker: object,
) -> Config:
    """The same, loaded."""
    return load_config(write_config(directory, broker=broker, tank=tank, gateway=gateway, bridged=bridged))
