"""`bitgrid config …`."""

from __future__ import annotations

from pathlib import Path

import click

from bitgrid.ops.commands.loading import load
from bitgrid.ops.config_docs import render
from bitgrid.ops.device_docs import render as render_devices
from bitgrid.ops.places import default_config
from bitgrid.ops.staging import PROFILES


@click.group()
def config() -> None:
    """Check and explain the configuration."""


@config.command()
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
def check(directory: Path | None) -> None:
    """Check every file of a configuration; exit code 78 if it cannot be used."""
    place = directory or default_config()
    loaded = load(place)
    click.echo(f"{place}: everything is in order. Hash: {loaded.config_hash}")


@config.command()
def docs() -> None:
    """Print docs/configuration.md: every key, its type, its default and what it means."""
    click.echo(render(), nl=False)


@config.command()
def devices() -> None:
    """Print docs/devices.md: every profile of a device, its registers and its source."""
    click.echo(render_devices(default_config() / PROFILES), nl=False)
