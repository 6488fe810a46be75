"""`bitgrid host …`: what the appliance's units call. People need it seldom; docs/operating.md says when."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from bitgrid.clock import SystemClock
from bitgrid.config import ConfigError
from bitgrid.ops.commands.loading import load
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.health import ask_of, wait_until_well
from bitgrid.ops.host.places import HostPlaces
from bitgrid.ops.host.prepare import prepare as prepare_host

_root = click.option(
    "--root", type=click.Path(file_okay=False, path_type=Path), default=Path("/"), help="Another root than /."
)


@click.group()
def host() -> None:
    """Prepare an appliance: accounts, keys, and what broker and supervisord read."""


@host.command()
@_root
@click.option(
    "--address",
    "addresses",
    multiple=True,
    envvar="BITGRID_ADDRESSES",
    help="An address of this host, for its certificate.",
)
def prepare(root: Path, addresses: tuple[str, ...]) -> None:
    """Make what is missing, and write anew what follows from site.yaml; prints what it made or changed."""
    places = HostPlaces(root)
    config = load(places.config)
    try:
        for line in prepare_host(config, places, addresses):
            click.echo(line)
    except ConfigError as error:
        raise Refusal(f"a secret cannot be used; what follows it was not written:\n{error}") from None


@host.command()
@_root
def trust(root: Path) -> None:
    """Print what a tablet must be shown before it trusts this appliance."""
    places = HostPlaces(root)
    if not (places.tls / "ca.crt").exists():
        raise Refusal("this host has no certificates yet. They are made at its first start: bitgrid host prepare")
    authority = Authority(places.tls, socket.gethostname())
    click.echo(f"{places.tls / 'ca.crt'}\nSHA-256 {authority.fingerprint()}")


@host.command()
@_root
@click.option("--release", help="The release that must be the one that runs.")
@click.option(
    "--within", "within_s", type=click.FloatRange(1, 600), default=120.0, help="Seconds to wait at most."
)
def healthy(root: Path, release: str | None, within_s: float) -> None:
    """Wait until the house on this host is well; exit code 1, and what is missing, if it is not in time."""
    site = load(HostPlaces(root).config).site
    missing = wait_until_well(ask_of(site.web), release, SystemClock(), within_s)
    if missing is not None:
        raise Refusal(f"not well after {within_s:.0f} s: {missing}")
    click.echo(f"The house is well{f', and runs {release}' if release else ''}.")
