"""What the firewall must know of site.yaml: which addresses and ports the house talks to. Pure; asks nobody."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from ansible.errors import AnsibleFilterError

MODBUS_PORT = 502
HTTP_PORT = 80
RELAY_PORT = 80
RPC_PORT = 8332
HOME6 = ipaddress.ip_network("fc00::/7")
WANTED = ("site", "devices", "loads")
"""Without these there is nothing to provision for."""
SSH_PORT = 22
PYASIC_PORTS = (80, 443, 4028)
"""Where pyasic looks to find out what a miner is, beside the port it is told."""
PROFILES = Path(__file__).resolve().parents[3] / "config" / "devices"
Place = dict[str, Any]


def bitgrid_house(text: str) -> dict[str, Any]:
    """site.yaml as read, once it has the shape of a house; the host itself checks it whole before it takes it.

    Raises:
        AnsibleFilterError: it is no YAML, or no house.
    """
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AnsibleFilterError(f"site.yaml in your inventory is no YAML; nothing was changed. {error}") from None
    missing = [key for key in WANTED if not isinstance(found, dict) or not found.get(key)]
    if missing:
        raise AnsibleFilterError(
            f"site.yaml in your inventory is no house; nothing was changed. It has no {', '.join(missing)}. "
            "Begin with inventory.example/site.yaml; docs/configuration.md explains every key."
        )
    for key in ("devices", "loads"):
        if not all(isinstance(one, dict) and "id" in one for one in found[key]):
            raise AnsibleFilterError(
                f"site.yaml in your inventory: under {key} stands something without an id; nothing was changed. "
                "Each begins with `- id: NAME`."
            )
    return dict(found)


def bitgrid_faults(path: str) -> str:
    """What is wrong with a site.yaml by the house's own schema, each key with its line; empty where nothing is.

    Empty, too, where this machine cannot tell, since Ansible runs outside the environment that `make dev` makes.
    The host checks the whole configuration in any case, before it takes it.
    """
    try:
        from bitgrid.config import ConfigError  # noqa: PLC0415  only where it is
        from bitgrid.config.files import load_file  # noqa: PLC0415  only where it is
        from bitgrid.config.site import Site  # noqa: PLC0415  only where it is
    except ImportError:
        return ""
    try:
        load_file(Path(path), Site)
    except ConfigError as error:
        return f"site.yaml in your inventory cannot be used, so nothing was changed:\n{error}"
    return ""


def bitgrid_devices(site: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[Place]:
    """What bitgrid-io may reach: ``{name, address, port}``, TCP, each place once; this host itself left out.

    Args:
        site: site.yaml as read.
        names: addresses of devices that site.yaml calls by a name.

    Raises:
        AnsibleFilterError: a device is called by a name that has no address.
    """
    return _places(_wanted(site), names or {})


def bitgrid_feeds(site: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[Place]:
    """What bitgrid-feeds may reach within the home; as `bitgrid_devices`."""
    return _places(_feeds_at_home(site), names or {})


def bitgrid_mirror(site: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[Place]:
    """Where copies go, if to another host; as `bitgrid_devices`. Without a mirror nothing."""
    return _places(_mirrored_to(site), names or {})


def own_networks6(facts: Mapping[str, Any]) -> list[str]:
    """The home's own IPv6 networks (ULA, RFC 4193) in which a host has an address, from its facts.

    Those that the provider gives out are left out: they may be somebody else's tomorrow.
    """
    told = [facts.get(re.sub(r"\W", "_", name)) or {} for name in facts.get("interfaces") or []]
    found = [
        ipaddress.ip_interface(f"{one['address']}/{one['prefix']}")
        for each in told
        for one in each.get("ipv6") or []
    ]
    return sorted({str(one.network) for one in found if one.ip in HOME6})


def of_family(addresses: Iterable[str], version: int) -> list[str]:
    """Those of some addresses or prefixes that are IPv4 (4) or IPv6 (6), in the order given."""
    return [text for text in addresses if ipaddress.ip_network(text, strict=False).version == version]


def _wanted(site: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for device in site.get("devices") or []:
        if device.get("host"):
            yield device["id"], device["host"], device.get("port") or _profile_port(device.get("profile"))
    for load in site.get("loads") or []:
        if miner := load.get("miner"):
            ports = (miner["port"], *(PYASIC_PORTS if miner["driver"] == "pyasic" else ()))
            yield from ((load["id"], miner["host"], port) for port in ports)
        if relay := load.get("relay"):
            yield f"{load['id']} relay", relay["host"], relay.get("port", RELAY_PORT)


def _feeds_at_home(site: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    bitcoin = site.get("bitcoin") or {}
    if node := bitcoin.get("node"):
        yield "bitcoin node", node["host"], node.get("port", RPC_PORT)
    if api := bitcoin.get("api"):
        url = urlsplit(api)
        if _is_private(url.hostname or ""):
            yield "bitcoin api", url.hostname or "", url.port or (443 if url.scheme == "https" else HTTP_PORT)


def _mirrored_to(site: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    url = urlsplit((site.get("mirror") or {}).get("repository", ""))
    if url.hostname:
        yield "mirror", url.hostname, url.port or SSH_PORT


def _profile_port(profile: str | None) -> int:
    """The port a device is read at when site.yaml names none."""
    if profile is None:
        return MODBUS_PORT
    path = PROFILES / f"{profile}.yaml"
    if not path.is_file():
        raise AnsibleFilterError(f"site.yaml names the profile {profile!r}; there is no {path}. Correct the name.")
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return int(told.get("port", HTTP_PORT if told.get("transport") == "http" else MODBUS_PORT))


def _places(wanted: Iterable[tuple[str, str, int]], names: Mapping[str, str]) -> list[Place]:
    found: dict[tuple[str, int], Place] = {}
    for name, host, port in wanted:
        address = _address(name, host, names)
        if not ipaddress.ip_address(address).is_loopback:
            found.setdefault((address, port), {"name": name, "address": address, "port": port})
    return list(found.values())


def _address(name: str, host: str, names: Mapping[str, str]) -> str:
    told = "127.0.0.1" if host == "localhost" else names.get(host, host)
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        raise AnsibleFilterError(
            f"site.yaml calls {name} by the name {host!r}, but a firewall knows addresses alone. Let your router "
            f"give it a fixed one, and write that into site.yaml, or into bitgrid_names: {{{host}: 192.168.…}}."
        ) from None


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters, by name."""
        return {
            "bitgrid_house": bitgrid_house,
            "bitgrid_faults": bitgrid_faults,
            "bitgrid_devices": bitgrid_devices,
            "bitgrid_feeds": bitgrid_feeds,
            "bitgrid_mirror": bitgrid_mirror,
            "own_networks6": own_networks6,
            "of_family": of_family,
        }
