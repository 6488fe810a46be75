"""Edge and gateway as processes: each in a network and with a boot clock of its own, each with its own broker."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

from bitgrid.config import Config, load_config
from bitgrid.ops.broker_access import secret_name
from bitgrid.ops.host.accounts import CERTIFIED, accounts
from bitgrid.ops.host.broker_conf import render_acl, render_broker
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.passwords import password_file
from bitgrid.ops.host.places import HostPlaces, Part
from bitgrid.ops.programs import find
from bitgrid.plant.control import SOCKET_NAME, PlantControl
from ground.networks import Network, network, wire
from ground.rules import ROOT
from ops.host.appliance_broker import password_of

EDGE4, GATEWAY4, NAME = "10.88.0.1", "10.88.0.2", "cellar"
SPEED = 1.0
"""Seconds of the house in one of the machine, on which another host is provisioned meanwhile."""
NOON = datetime(2025, 5, 15, 10, 30, tzinfo=UTC).timestamp()
UP_LONGER_S = 500_000
"""By so much the gateway's boot clock is ahead of the edge's."""
ON = {
    Part.EDGE: ("link", "rules", "recorder", "feeds"),
    Part.GATEWAY: ("plant", "guard", "loads", "poller", "gateway"),
}


@dataclass
class TwoHosts:
    """A house on two hosts that runs."""

    work: Path
    edge: Network
    gateway: Network
    config: Config
    began_s: float = field(default_factory=lambda: time.clock_gettime(time.CLOCK_BOOTTIME))

    @property
    def plant(self) -> PlantControl:
        """The truth about the devices, which are near the gateway."""
        return PlantControl(self.work / Part.GATEWAY / "run" / SOCKET_NAME)

    @property
    def relay(self) -> str:
        """Whether the miner's relay is open or closed, in truth."""
        found: str = self.plant.status()["loads"]["miner"]["relay"]
        return found

    def now_s(self) -> float:
        """Seconds of the house since some moment."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) * SPEED

    def link(self, state: str) -> None:
        """Put the wire between the two up or down."""
        self.gateway.run("ip", "link", "set", f"to-{self.edge.name[-4:]}", state)


@contextlib.contextmanager
def two_hosts(work: Path) -> Iterator[TwoHosts]:
    """Both hosts with all that runs on them; gone at the end."""
    tag = os.getpid()
    with ExitStack() as stack:
        edge, gateway = (stack.enter_context(network(f"b2{tag}-{name}")) for name in ("edge", "gate"))
        wire(edge, gateway, [f"{EDGE4}/24"], [f"{GATEWAY4}/24"])
        config = load_config(_write_config(work / "config"))
        authority = Authority(work / "tls", "bitgrid.local")
        authority.make()
        authority.certify("broker", ["bitgrid.local", EDGE4])
        authority.admit(NAME)
        hosts = TwoHosts(work, edge, gateway, config)
        for part, net in ((Part.EDGE, edge), (Part.GATEWAY, gateway)):
            _write_host(work, part, config)
            _start(stack, hosts, part, net, ["broker", find("mosquitto"), "-c", str(_conf(work, part))])
            for name in ON[part]:
                _start(stack, hosts, part, net, [name, sys.executable, "-m", f"bitgrid.services.{name}"])
        yield hosts


def _write_config(directory: Path) -> Path:
    directory.mkdir()
    for name in ("flags.yaml", "policies.yaml"):
        (directory / name).write_text((ROOT / "config" / name).read_text())
    plant = (ROOT / "config" / "plant.yaml").read_text()
    plant = plant.replace("cloudiness: 0.4", "cloudiness: 0.0").replace("boot_s: 40", "boot_s: 8")
    (directory / "plant.yaml").write_text(plant)
    rules = (ROOT / "config" / "bitgrid_rules.yaml").read_text()
    (directory / "bitgrid_rules.yaml").write_text(rules.replace("block_s: 600", "block_s: 60"))
    yaml = YAML(typ="safe")
    site = yaml.load((ROOT / "config" / "site.yaml").read_text())
    site["broker"] = {"host": "127.0.0.1", "port": 1883, "log_in": "password"}
    site["gateway"] = {"name": NAME, "edge": EDGE4}
    with (directory / "site.yaml").open("w") as out:
        yaml.dump(site, out)
    return directory


def _conf(work: Path, part: Part) -> Path:
    return HostPlaces(work / part).broker / "mosquitto.conf"


def _write_host(work: Path, part: Part, config: Config) -> None:
    """What `bitgrid host prepare` would make of site.yaml for this part, for the one user a test has."""
    places, secrets = HostPlaces(work / part), work / part / "secrets"
    for directory in (places.broker, secrets, work / part / "run", work / part / "data"):
        directory.mkdir(parents=True, exist_ok=True)
    granted = accounts(config, part)
    for account in granted:
        _secret(secrets / secret_name(account.name), f"{account.name}:{password_of(account.name)}\n")
    for kind in ("crt", "key"):
        _secret(secrets / f"gateway.{kind}", (work / "tls" / f"{NAME}.{kind}").read_text())
    (secrets / "gateway-ca.crt").write_text((work / "tls" / "ca.crt").read_text())
    hashes = password_file({one.name: password_of(one.name) for one in granted if one.owner != CERTIFIED}, "")
    heard = render_broker(config.site.broker, places, config.site.gateway if part is Part.EDGE else None)
    me = pwd.getpwuid(os.geteuid()).pw_name
    files = {
        "passwords": hashes,
        "acl": render_acl(granted),
        "mosquitto.conf": heard.replace(str(places.tls), str(work / "tls")) + f"user {me}\n",
    }
    for name, text in files.items():
        _secret(places.broker / name, text)


def _secret(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def _start(stack: ExitStack, hosts: TwoHosts, part: Part, net: Network, program: list[str]) -> None:
    name, *command = program
    home = hosts.work / part
    began_s, other_clock = hosts.began_s, []
    if part is Part.GATEWAY:
        began_s += UP_LONGER_S
        other_clock = ["unshare", "--time", "--boottime", str(UP_LONGER_S), "--fork", "--kill-child=SIGTERM"]
    told = {
        "BITGRID_CONFIG_DIR": hosts.work / "config",
        "BITGRID_RUN_DIR": home / "run",
        "BITGRID_DATA_DIR": home / "data",
        "BITGRID_SECRETS_DIR": home / "secrets",
        "BITGRID_CLOCK": f"{SPEED}:{began_s}:{NOON}",
        "PYTHONPATH": ROOT / "app",
    }
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            ["ip", "netns", "exec", net.name, *other_clock, *command],
            env=os.environ | {key: str(value) for key, value in told.items()},
            stdout=log,
            stderr=log,
        )
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
        return
    process.kill()
    process.wait(10)


def pause(machine_s: float) -> None:
    """Let the processes live."""
    threading.Event().wait(machine_s)
