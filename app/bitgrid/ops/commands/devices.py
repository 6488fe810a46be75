"""`bitgrid devices …`: find what is on the network, and look at what site.yaml names. Writes to no device."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import click

from bitgrid.clock import Clock, SystemClock
from bitgrid.config import Config, DeviceConfig, Site
from bitgrid.config.network import is_loopback
from bitgrid.devices.discovery.found import Found
from bitgrid.devices.discovery.scan import Ports, Scan
from bitgrid.devices.discovery.scanner import ports_of
from bitgrid.devices.discovery.sockets import reach
from bitgrid.devices.discovery.targets import BadTarget, hosts_of, own_subnets
from bitgrid.ops import looks, proposal
from bitgrid.ops.checks.hands import RealHands
from bitgrid.ops.commands.loading import load as load_config
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import running
from bitgrid.ops.places import default_config, project_root

ROUTES = Path("/proc/net/route")
PORT = click.IntRange(1, 65_535)
LOAD_INTERVAL_S = 5.0


@click.group()
def devices() -> None:
    """Find devices on the network, and look at those of site.yaml."""


@devices.command()
@click.argument("targets", nargs=-1)
@click.option("--modbus-port", "modbus", type=PORT, multiple=True, help="Instead of 502 and 1502.")
@click.option("--miner-port", "miner", type=PORT, multiple=True, help="Of the cgminer API, instead of 4028.")
@click.option("--http-port", "http", type=PORT, multiple=True, help="Instead of 80.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def scan(
    targets: tuple[str, ...], modbus: tuple[int, ...], miner: tuple[int, ...], http: tuple[int, ...], as_json: bool
) -> None:
    """Ask TARGETS (addresses, subnets up to a /22) what they are, and propose what to write into site.yaml.

    Without TARGETS: the private subnets this machine is connected to. It reads, writes nothing, tries no password.
    """
    hosts = _hosts(targets)
    given = Ports(modbus or Ports.modbus, miner or Ports.miner, http or Ports.http)
    ports = given if modbus or miner or http else _simulated_ports(hosts) or given
    found = _scan(hosts, Scan(ports, reach(SystemClock())))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False, indent=1))
        return
    click.echo(f"{len(found)} found at {len(hosts)} addresses.", err=True)
    click.echo(proposal.render(found), nl=False)


@devices.command()
@click.argument("name")
@click.option("--watch", is_flag=True, help="Again and again, until Ctrl-C.")
@click.option("--config", type=click.Path(file_okay=False, path_type=Path), help="Directory of the configuration.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.pass_context
def test(context: click.Context, name: str, watch: bool, config: Path | None, as_json: bool) -> None:
    """Show what a device or load of site.yaml tells now; exit code 1 where something does not answer."""
    clock = SystemClock()
    loaded = load_config(config or _config())
    with looking(loaded, name, clock) as look:
        every_s = _interval_s(loaded.site, name) if watch else None
        problems = show(look, clock, click.echo, every_s=every_s, as_json=as_json)
    context.exit(int(problems))


@contextmanager
def looking(config: Config, name: str, clock: Clock) -> Iterator[Callable[[], looks.Look]]:
    """How to look at a device or load, over one connection for as long as this lasts.

    Raises:
        Refusal: site.yaml has none of that name.
    """
    hands = RealHands(config, clock)
    load = next((one for one in config.site.loads if one.id == name), None)
    if load is not None:
        yield lambda: looks.at_load(load, lambda: hands.miner(load), lambda: hands.relay(load))
        return
    device = _device(config.site, name)
    with hands.source(device) as source:
        read = source.read if device.host is not None else lambda: hands.heard(source)
        yield lambda: looks.at_device(device, read, clock)


def show(
    look: Callable[[], looks.Look],
    clock: Clock,
    echo: Callable[[str], object],
    *,
    every_s: float | None,
    as_json: bool,
) -> bool:
    """Look once, or every so many seconds until Ctrl-C; whether the last look met a problem."""
    seen = looks.Look(())
    try:
        while True:
            seen = look()
            echo(json.dumps(dataclasses.asdict(seen), ensure_ascii=False) if as_json else str(seen))
            if every_s is None:
                break
            clock.wait(threading.Event(), every_s)
    except KeyboardInterrupt:
        echo("")
    return bool(seen.problems)


def _config() -> Path:
    """The configuration of the house that runs here, else the default one."""
    return next((Path(card.config) for card in running(project_root() / "var")), default_config())


def _interval_s(site: Site, name: str) -> float:
    return next((float(one.poll_interval_s) for one in site.devices if one.id == name), LOAD_INTERVAL_S)


def _device(site: Site, name: str) -> DeviceConfig:
    for device in site.devices:
        if device.id == name:
            return device
    known = ", ".join([one.id for one in site.devices] + [load.id for load in site.loads])
    raise Refusal(f"site.yaml names no {name}; it names {known}")


def _hosts(targets: tuple[str, ...]) -> list[str]:
    try:
        named = targets or tuple(own_subnets(ROUTES.read_text(encoding="ascii")))
        hosts = hosts_of(named)
    except BadTarget as error:
        raise Refusal(f"{error}. Nothing was asked.") from None
    except OSError:
        hosts = []
    if not hosts:
        raise Refusal("this machine is connected to no private subnet up to a /22; name one: 192.168.1.0/24")
    return hosts


def _simulated_ports(hosts: list[str]) -> Ports | None:
    """Where the devices of the simulated house that runs here listen, if it is that which is asked."""
    card = next((card for card in running(project_root() / "var") if card.is_simulated), None)
    if card is None or not all(map(is_loopback, hosts)):
        return None
    return ports_of(load_config(Path(card.config)))


def _scan(hosts: list[str], scan: Scan) -> list[Found]:
    """All that is found, in the order of the addresses, with a progress bar where a person looks on."""
    with click.progressbar(
        length=len(hosts), label="Asking", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        found: list[Found] = []
        for at_host in scan.run(hosts):
            found += at_host
            bar.update(1)
    return sorted(found, key=lambda one: (IPv4Address(one.host), one.port))
