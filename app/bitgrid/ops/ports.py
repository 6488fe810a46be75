"""The ports an instance opens on this machine: which they are, whether they are free, and how to move them."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from bitgrid.config import Site
from bitgrid.config.network import is_loopback

HIGHEST_PORT = 65_535
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Endpoint:
    """A port that an instance will listen on, and the path of its key in site.yaml."""

    path: Path_
    host: str
    port: int

    def shifted(self, by: int) -> Endpoint:
        """The same endpoint, ``by`` ports further on."""
        return Endpoint(self.path, self.host, self.port + by)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def own_endpoints(site: Site) -> list[Endpoint]:
    """Every port this instance opens itself: pages, broker, simulated devices; no device of a real home."""
    named: list[tuple[Path_, str, int]] = [(("broker",), site.broker.host, site.broker.port)]
    named += [(("devices", i), *device.place) for i, device in enumerate(site.devices) if device.host]
    for i, load in enumerate(site.loads):
        if load.miner:
            named.append((("loads", i, "miner"), load.miner.host, load.miner.port))
        if load.relay:
            named.append((("loads", i, "relay"), load.relay.host, load.relay.port))
    simulated = [Endpoint(path, host, port) for path, host, port in named if is_loopback(host)]
    return [Endpoint(("web",), site.web.host, site.web.port), *simulated]


def taken(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Those endpoints that cannot be opened now."""
    return [endpoint for endpoint in endpoints if not _is_free(endpoint)]


def _is_free(endpoint: Endpoint) -> bool:
    if endpoint.port > HIGHEST_PORT:
        return False
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((endpoint.host, endpoint.port))
        except OSError:
            return False
    return True


def write_shifted(site_file: Path, target: Path, endpoints: Iterable[Endpoint], by: int) -> None:
    """Copy a valid site.yaml with these endpoints ``by`` ports further on, everything else and comments kept."""
    yaml = YAML(typ="rt")
    yaml.width = 10_000
    document = yaml.load(site_file.read_bytes())
    for endpoint in endpoints:
        node = document
        for key in endpoint.path:
            if isinstance(node, CommentedMap) and key not in node:
                node[key] = CommentedMap()
            node = node[key]
        node["port"] = endpoint.port + by
    with target.open("wb") as out:
        yaml.dump(document, out)
