"""`bitgrid preview`."""

from __future__ import annotations

from pathlib import Path

import click

from bitgrid.ops.commands.period import DIRECTORY
from bitgrid.ops.commands.plan import show


@click.command()
@click.option("--data", type=DIRECTORY, help="Data of a house, such as var/0/data; by default the running one's.")
@click.option("--language", type=click.Choice(["de", "en"]), help="By default the house's own.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def preview(data: Path | None, language: str | None, as_json: bool) -> None:
    """Tell what the next block would decide, as things stand."""
    click.echo(show(data, 1, language, as_json=as_json))
