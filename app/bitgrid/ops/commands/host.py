"""`bitgrid host …`: what the appliance's units call. People need it seldom; docs/operating.md says when."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bitgrid.bus import HealthStatus
from bitgrid.clock import SystemClock
from bitgrid.config import ConfigError, load_config
from bitgrid.ops.commands.loading import config_errors_told, load
from bitgrid.ops.commands.slots import judge_update, last_update, update_image
from bitgrid.ops.errors import Refusal
from bitgrid.ops.first_boot import first_boot, note
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.health import ask_of, look_at, wait_until_well
from bitgrid.ops.host.places import WEB, HostPlaces, Part
from bitgrid.ops.host.prepare import prepare as prepare_host
from bitgrid.ops.host.reach import load_reach, reach_of
from bitgrid.ops.host.restoring import SNAPSHOT, judge
from bitgrid.ops.host.restoring import restore as restore_host
from bitgrid.ops.host.snapshot import take
from bitgrid.ops.host.telling import say_health
from bitgrid.store import backup_state

_root = click.option(
    "--root", type=click.Path(file_okay=False, path_type=Path), default=Path("/"), help="Another root than /."
)


@click.group()
def host() -> None:
    """Prepare an appliance: accounts, keys, and what broker and supervisord read."""


for _command in (update_image, judge_update, last_update):
    host.add_command(_command)


@host.command()
@_root
@click.option(
    "--address",
    "addresses",
    multiple=True,
    envvar="BITGRID_ADDRESSES",
    help="An address of this host, for its certificate.",
)
@click.option(
    "--part",
    type=click.Choice([part.value for part in Part]),
    default=Part.EDGE.value,
    envvar="BITGRID_PART",
    help="What this host is, where site.yaml has a section gateway.",
)
def prepare(root: Path, addresses: tuple[str, ...], part: str) -> None:
    """Make what is missing, and write anew what follows from site.yaml; prints what it made or changed."""
    places = HostPlaces(root)
    config = load(places.config)
    try:
        for line in prepare_host(config, places, addresses, Part(part)):
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
    places = HostPlaces(root)
    look = look_at(load(places.config).site, places, release)
    missing = wait_until_well(look, SystemClock(), within_s)
    if missing is not None:
        raise Refusal(f"not well after {within_s:.0f} s: {missing}")
    click.echo(f"The house is well{f', and runs {release}' if release else ''}.")


@host.command()
@_root
@click.option("--once", is_flag=True, help="Show it, and end.")
def console(root: Path, once: bool) -> None:
    """Show on this screen where the page is and how the house is, again and again; a unit calls it."""
    from bitgrid.ops.host import console as screen  # noqa: PLC0415  for this command alone

    places, clock, never = HostPlaces(root), SystemClock(), threading.Event()
    for line in screen.wrong_with_card(places):
        click.echo(line)  # now already, for without its data there is no configuration to go on with
    config = load(places.config)
    ask = ask_of(config.site.web, places.secrets / WEB)
    while True:
        shown = screen.look(config, places, ask)
        text = "\n".join(shown.lines())
        codes = "".join(screen.code_for_camera(address) for address in shown.addresses[:1])
        click.echo(f"{'' if once else screen.CLEAR}{text}\n{codes}", nl=False)
        if once:
            return
        clock.wait(never, screen.EVERY_S)


@host.command()
@_root
@click.option(
    "--to",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/", SNAPSHOT),
    show_default=True,
    help="Emptied first.",
)
def snapshot(root: Path, target: Path) -> None:
    """Copy the databases of the running house for a backup, and note what a restore must bring back."""
    places = HostPlaces(root)
    manifest = take(load(places.config), places.data, target, SystemClock())
    click.echo(f"{target}: {len(manifest.files)} databases, {manifest.decisions} decisions, head {manifest.head}")
    for fault in manifest.faults:
        click.echo(f"NOT SOUND: {fault}", err=True)


@host.command()
@click.argument("stage", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_root
@click.option("--dry-run", is_flag=True, help="Judge it, and put nothing anywhere.")
def restore(stage: Path, root: Path, dry_run: bool) -> None:
    """Put an unpacked backup in its place, once it is seen to be whole; overwrites no ledger."""
    places = HostPlaces(root)
    with config_errors_told(), _noted(places.data):
        manifest = judge(stage)
    with config_errors_told():
        if dry_run:
            click.echo(f"{stage} is whole: {manifest.decisions} decisions, configuration {manifest.config_hash}")
            return
        for line in restore_host(stage, places):
            click.echo(line)
        click.echo(f"configuration {load_config(places.config).config_hash}, as it was backed up")
    backup_state.tell_restore(places.data, SystemClock().now())


@contextmanager
def _noted(data: Path) -> Iterator[None]:
    """Note for the page whether a backup was whole, where this host has a house already."""
    problem = ""
    try:
        yield
    except (Refusal, ConfigError) as error:
        problem = str(error)
        raise
    finally:
        if data.is_dir():
            backup_state.tell_restore(data, SystemClock().now(), problem)


@host.command()
@_root
@click.option("--load", "is_loaded", is_flag=True, help="Have nft load it; else it is printed.")
def reach(root: Path, is_loaded: bool) -> None:
    """What bitgrid-io may reach by site.yaml as it stands on this host, for the firewall; a unit calls it."""
    places = HostPlaces(root)
    text = reach_of(load(places.config), places.part)
    if is_loaded:
        load_reach(text)
    else:
        click.echo(text, nl=False)


@host.command(name="tell-backup")
@_root
@click.argument("how", type=click.Choice(["ok", "failed"]))
@click.argument("reason", default="")
def tell_backup(root: Path, how: str, reason: str) -> None:
    """Tell how the backup went: the page, which remembers it, and the house by health/backup on the bus."""
    places, clock = HostPlaces(root), SystemClock()
    site = load(places.config).site
    status = HealthStatus.OK if how == "ok" else HealthStatus.ERROR
    if places.data.is_dir():
        problem = "" if status is HealthStatus.OK else reason or "no reason was told"
        backup_state.tell_backup(places.data, clock.now(), problem)
    try:
        say_health(site, "backup", status, reason, clock)
    except ConfigError as error:
        raise Refusal(f"nobody could be told:\n{error}") from None
    click.echo(f"health/backup: {status.value} {reason}".strip())


@host.command(name="first-boot")
@_root
@click.option(
    "--boot",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("/boot/firmware"),
    show_default=True,
    help="The boot partition, writable.",
)
@click.option(
    "--copy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to leave what is told, for who may not read the boot partition, as the screen.",
)
def take_first_boot(root: Path, boot: Path, copy: Path | None) -> None:
    """Take over what the owner wrote onto the boot partition; exit code 1 where a mistake in it prevents it."""
    try:
        told, is_taken = first_boot(boot, root)
    except OSError as error:
        words = "could not be taken over, or not be taken off it, where passwords may stand in it"
        raise Refusal(f"what stands on {boot} {words}: {error}") from None
    for line in [*told, *(note(copy, told) if copy is not None else [])]:
        click.echo(line)
    if not is_taken:
        click.get_current_context().exit(1)
