"""What `bitgrid-io` may reach, as site.yaml and flags.yaml stand on the host: elements of the firewall's own sets.

The playbook's rules name the devices of the inventory. What the page makes of site.yaml in the first run is added
here, within the home's own networks alone, and for that time the ports at which devices are looked for.
"""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterator

from bitgrid.config import Config
from bitgrid.devices.discovery.scan import Ports
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.places import Part
from bitgrid.ops.programs import find

TABLE = "inet bitgrid"
OWN = {4: "own4", 6: "own6"}
LOOKED_FOR = "looked_for"
PYASIC_PORTS = (80, 443, 4028)
"""Where pyasic looks to find out what a miner is, beside the port it is told."""
NFT_S = 10


def reach_of(config: Config, part: Part) -> str:
    """The sets anew, as one load of nft.

    Args:
        config: of the house.
        part: what this host is; at an edge with a gateway nobody reaches a device.
    """
    has_devices = config.site.gateway is None or part is Part.GATEWAY
    places = sorted(set(_places(config)), key=str) if has_devices else []
    lines = []
    for version, name in OWN.items():
        own = [f"{address} . {port}" for address, port in places if address.version == version]
        lines += _filled(name, own)
    looks = has_devices and config.flags.first_run
    ports = Ports()
    lines += _filled(LOOKED_FOR, [str(port) for port in (*ports.modbus, *ports.miner, *ports.http) if looks])
    return "\n".join(lines) + "\n"


def load_reach(text: str) -> None:
    """Have nft load it, all or nothing.

    Raises:
        Refusal: it does not; what was in force before is so still.
    """
    command = [find("nft"), "-f", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=NFT_S, check=False)  # noqa: S603  made here
    if done.returncode != 0:
        raise Refusal(
            f"the firewall does not take what site.yaml says; what was in force stays so. {done.stderr.strip()} "
            "Without its table: ansible-playbook playbooks/os_hardening.yml"
        )


def _filled(name: str, elements: list[str]) -> list[str]:
    added = [f"add element {TABLE} {name} {{ {', '.join(elements)} }}"] if elements else []
    return [f"flush set {TABLE} {name}", *added]


def _places(config: Config) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]]:
    for host, port in _told(config):
        try:
            address = ipaddress.ip_address(host)
        except ValueError:  # a name: the playbook knows its address (bitgrid_names)
            continue
        if not address.is_loopback:
            yield address, port


def _told(config: Config) -> Iterator[tuple[str, int]]:
    for device in config.site.devices:
        if device.host is not None:
            profile = config.profiles.get(device.profile or "")
            told = device.port or getattr(profile, "port", None)
            yield device.host, told or device.place[1]
    for load in config.site.loads:
        if load.miner:
            ports = (load.miner.port, *(PYASIC_PORTS if load.miner.driver == "pyasic" else ()))
            yield from ((load.miner.host, port) for port in ports)
        if load.relay:
            yield load.relay.host, load.relay.port
