"""Where an appliance keeps things, and who owns them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bitgrid.config.secrets import WEB_USER

CORE, IO, FEEDS, WEB, MIRROR = "bitgrid-core", "bitgrid-io", "bitgrid-feeds", WEB_USER, "bitgrid-mirror"
DATA_GROUP = "bitgrid-data"
"""May read the house's data, and change none of it."""
LINK_GROUP = "bitgrid-link"
"""Rules and guard alone: whoever is in it can send a datagram to either."""


class Part(StrEnum):
    """Which part of a house a host is; ``WHOLE`` unless site.yaml has a section gateway."""

    WHOLE = "whole"
    EDGE = "edge"
    GATEWAY = "gateway"


USERS = {
    "poller": IO,
    "loads": IO,
    "guard": IO,
    "rules": CORE,
    "recorder": CORE,
    "feeds": FEEDS,
    "explain": WEB,
    "web": WEB,
    "bridge": WEB,
    "reviver": CORE,
    "mirror": MIRROR,
    "link": IO,
    "gateway": CORE,
}
"""The Unix user of each program: one a trust zone, so that the firewall can tell them apart."""


@dataclass(frozen=True)
class HostPlaces:
    """The appliance's directories, below ``root``: ``/``, or an image that is being made."""

    root: Path = Path("/")

    @property
    def config(self) -> Path:
        """site.yaml and what belongs to it."""
        return self.root / "etc/bitgrid"

    @property
    def part(self) -> Part:
        """Which part of a house this host was provisioned as; means nothing where site.yaml has no gateway."""
        told = self.config / "host.env"
        is_gateway = told.is_file() and f"BITGRID_PART={Part.GATEWAY}" in told.read_text(encoding="utf-8").split()
        return Part.GATEWAY if is_gateway else Part.EDGE

    @property
    def secrets(self) -> Path:
        """One directory a Unix user."""
        return self.config / "secrets"

    @property
    def tls(self) -> Path:
        """Keys and certificates."""
        return self.config / "tls"

    @property
    def data(self) -> Path:
        """The ledger, the telemetry and, below ``feeds``, what the feeds remember."""
        return self.root / "var/lib/bitgrid"

    @property
    def log(self) -> Path:
        """One log file a program."""
        return self.root / "var/log/bitgrid"

    @property
    def run(self) -> Path:
        """What is made anew at every start."""
        return self.root / "run/bitgrid"

    @property
    def link(self) -> Path:
        """The sockets of rules and guard."""
        return self.run / "link"

    @property
    def broker(self) -> Path:
        """What the broker reads."""
        return self.run / "broker"

    @property
    def supervisor(self) -> Path:
        """What supervisord reads, and its socket."""
        return self.run / "supervisor"
