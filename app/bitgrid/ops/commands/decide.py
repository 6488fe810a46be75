"""`bitgrid decide`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bitgrid.ops.commands.loading import load
from bitgrid.ops.places import default_config


@click.command()
@click.option("--config", "directory", type=click.Path(file_okay=False, path_type=Path), help="Configuration.")
def decide(directory: Path | None) -> None:
    """Decide on a state given as JSON on standard input, and print the decision as JSON.

    What the state leaves out counts as not measured; a value without an age counts as fresh.
    """
    from bitgrid.control.decide_io import decide_from_json  # noqa: PLC0415  loads the kernel only here

    config = load(directory or default_config())
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
        decision = decide_from_json(text, config)
    except ValueError as error:
        raise click.ClickException(f"that is no state that could be decided on: {error}") from None
    click.echo(decision)
