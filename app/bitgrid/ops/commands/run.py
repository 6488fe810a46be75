"""`bitgrid run`."""

from __future__ import annotations

from pathlib import Path

import click

from bitgrid.ops.commands.loading import config_errors_told
from bitgrid.ops.places import project_root
from bitgrid.ops.plan import Wishes
from bitgrid.ops.run import run as run_house

_FILE = click.Path(dir_okay=False, path_type=Path)
_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--speed", type=float, help="Seconds of the house per second; 60: a day in 24 minutes.")
@click.option("--data", type=_FILE, help="CSV of a recorded home that drives the simulated one.")
@click.option("--site", type=_FILE, help="Takes the place of site.yaml.")
@click.option("--start", help="When the simulated house begins: 2024-05-15T12:30, with Z for UTC.")
@click.option("--keep", is_flag=True, help="Keep the data of the simulated run before.")
@click.option("--config", type=_DIRECTORY, help="Directory of the configuration.")
@click.option("--var", type=_DIRECTORY, help="Directory for everything that running makes.")
@click.pass_context
def run(  # noqa: PLR0913, PLR0917  one option each
    context: click.Context,
    speed: float | None,
    data: Path | None,
    site: Path | None,
    start: str | None,
    keep: bool,
    config: Path | None,
    var: Path | None,
) -> None:
    """Run the whole house on this machine, in the foreground, until Ctrl-C.

    With a site whose devices are all on this machine, they are simulated. With real devices, time is real and
    what they did is kept.
    """
    root = project_root()
    wishes = Wishes(speed, data, site, start, keep, config or root / "config", var or root / "var")
    with config_errors_told():
        context.exit(run_house(wishes))
