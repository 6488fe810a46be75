"""The firewall's template, rendered as Ansible would, for a house of which every address is known."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import yaml

ROOT = Path(__file__).parents[2]
ROLE = ROOT / "ansible" / "roles" / "firewall"
UIDS = {
    "root": 0,
    "_apt": 61001,
    "_chrony": 61002,
    "avahi": 61003,
    "bitgrid-core": 61010,
    "bitgrid-io": 61011,
    "bitgrid-feeds": 61012,
    "bitgrid-web": 61013,
    "backup": 61014,
    "bitgrid-mirror": 61015,
    "bitgrid-kiosk": 61016,
}
METER4, METER6, NODE4, DISK4, NAS4 = "10.77.0.20", "fd77::20", "10.77.0.40", "10.77.0.50", "10.77.0.51"
PEER4, PLAIN4 = "10.77.0.2", "10.77.0.3"


def plugin() -> ModuleType:
    """The filter plugin, loaded as Ansible loads it: by its path."""
    path = ROOT / "ansible" / "plugins" / "filter" / "bitgrid_site.py"
    spec = importlib.util.spec_from_file_location("bitgrid_site", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def house() -> dict[str, Any]:
    """What the template is given: the role's defaults, and a house with a target of every kind."""
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    return defaults | {
        "ansible_managed": "Made for a test",
        "bitgrid_firewall_uids": UIDS,
        "bitgrid_firewall_lan_prefixes": ["10.77.0.0/24", "fe80::/10", "fd77::/64"],
        "bitgrid_firewall_gateways": [],
        "bitgrid_firewall_gateway_port": 8884,
        "bitgrid_firewall_kiosk": True,
        "bitgrid_firewall_mqtt_peers": [PEER4],
        "bitgrid_firewall_mqtt_plain_devices": [PLAIN4],
        "bitgrid_firewall_devices": [
            {"name": "meter", "address": METER4, "port": 502},
            {"name": "meter by IPv6", "address": METER6, "port": 502},
        ],
        "bitgrid_firewall_feeds": [{"name": "bitcoin node", "address": NODE4, "port": 8332}],
        "bitgrid_firewall_mirror": [{"name": "mirror", "address": NAS4, "port": 22}],
        "bitgrid_firewall_egress": [
            {"user": "backup", "address": DISK4, "port": 2222, "protocol": "tcp", "why": "the backup's disk"}
        ],
    }


def render(**changed: object) -> str:
    """The rules of that house, with some of its facts changed."""
    return _render("nftables.conf.j2", house() | changed)


def render_closed() -> str:
    """The rules for when there are no others."""
    return _render("closed.nft.j2", {"ansible_managed": "Made for a test"})


def _render(name: str, facts: Mapping[str, object]) -> str:
    loader = jinja2.FileSystemLoader(ROLE / "templates")
    # As Ansible does it; autoescape is for HTML.
    world = jinja2.Environment(  # noqa: S701  what is made is no page
        loader=loader, trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    world.filters |= plugin().FilterModule().filters()
    return world.get_template(name).render(facts)
