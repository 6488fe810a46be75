"""`bitgrid mirror …`: copies in an encrypted repository, set up, made now, and looked at."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import click

from bitgrid.clock import SystemClock
from bitgrid.config import ConfigError
from bitgrid.config.mirror import Mirror
from bitgrid.config.secrets import place
from bitgrid.ops.commands.house_here import house_here
from bitgrid.ops.commands.loading import load
from bitgrid.ops.commands.period import DIRECTORY
from bitgrid.ops.errors import Refusal
from bitgrid.ops.mirror import setup, state
from bitgrid.ops.mirror.mirroring import Mirroring
from bitgrid.ops.mirror.places import Places

APPLIANCE_LOG = Path("/var/log/bitgrid")
LOOK_S = 0.2
_NAMES = Mirror(repository="/off", kinds=["logs"])
"""The names of its files where the section is gone from site.yaml."""
_config = click.option("--config", "directory", type=DIRECTORY, help="Directory of the configuration.")
_data = click.option("--data", type=DIRECTORY, help="Data of the house; by default the running one's.")


@click.group()
def mirror() -> None:
    """Copy logs, exports and replays to an encrypted repository; off unless site.yaml has a section mirror."""


@mirror.command()
@_config
@_data
def init(directory: Path | None, data: Path | None) -> None:
    """Make passphrase, key and repository, and tell what the server must know. Can be run again at any time."""
    wanted, places = _on(directory, data)
    try:
        for path in setup.make_secrets(wanted, places):
            click.echo(f"made {path}")
        if wanted.is_remote:
            line = setup.authorized_keys_line(wanted, places)
            click.echo(f"The server's authorized_keys must hold this line:\n\n{line}\n")
        if missing := setup.what_is_missing(wanted, places):
            raise Refusal(missing)
        was_made = setup.make_repository(wanted, places)
    except (OSError, ConfigError) as error:
        raise Refusal(f"the mirror could not be set up: {error}") from None
    click.echo(f"{wanted.repository}: {'made, encrypted' if was_made else 'is there, and the passphrase fits'}.")
    click.echo(f"Keep a copy of {places.passphrase(wanted)} elsewhere: without it nobody reads the copies.")


@mirror.command()
@_config
@_data
def run(directory: Path | None, data: Path | None) -> None:
    """Make a copy now, and wait for its end; exit code 1 if it failed."""
    wanted, places = _on(directory, data)
    mirroring, never = Mirroring(wanted, places, SystemClock()), threading.Event()
    mirroring.begin()
    try:
        while mirroring.is_running:
            never.wait(LOOK_S)
            mirroring.step()
    finally:
        mirroring.stop()
    if mirroring.state.failures:
        raise Refusal(f"nothing was copied: {mirroring.state.problem}")
    click.echo(f"{mirroring.state.archive}: {state.told(mirroring.state)}")


@mirror.command()
@_config
@_data
def status(directory: Path | None, data: Path | None) -> None:
    """Tell how it stands: when it last succeeded, and what is in its way; exit code 1 where it fails."""
    wanted, places = _house(directory, data)
    if wanted is None:
        click.echo("The mirror is off: site.yaml has no section mirror. No process runs for it.")
        for path in setup.leftovers(_NAMES, places):
            click.echo(f"  still on this disk: {path}   (bitgrid mirror forget deletes it)")
        return
    found = state.read(places.own)
    click.echo(f"{wanted.repository} gets {', '.join(wanted.kinds)} every {wanted.every_h} h: {state.told(found)}")
    if found.failures:
        raise click.exceptions.Exit(1)


@mirror.command()
@_config
@_data
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(directory: Path | None, data: Path | None, *, yes: bool) -> None:
    """Delete keys, passphrase and cache of a mirror that is off; without the passphrase its copies are lost."""
    wanted, places = _house(directory, data)
    if wanted is not None:
        raise Refusal("the mirror is on; take the section mirror out of site.yaml first, and restart BitGrid")
    if not yes:
        click.confirm("Without the passphrase nobody reads the copies again. Delete all of it?", abort=True)
    for path in setup.forget(_NAMES, places):
        click.echo(f"deleted {path}")


def _on(directory: Path | None, data: Path | None) -> tuple[Mirror, Places]:
    """The mirror, which must be on.

    Raises:
        Refusal: it is off.
    """
    wanted, places = _house(directory, data)
    if wanted is None:
        raise Refusal("the mirror is off: site.yaml has no section mirror; docs/mirror.md shows one")
    return wanted, places


def _house(directory: Path | None, data: Path | None) -> tuple[Mirror | None, Places]:
    config_directory, data_directory = house_here(directory, data)
    beside = data_directory.parent / "log"
    log = Path(os.environ.get("BITGRID_LOG_DIR", beside if beside.is_dir() else APPLIANCE_LOG))
    return load(config_directory).site.mirror, Places(data_directory.absolute(), log, place())
