"""`bitgrid store …`: the databases, their snapshots, and what was set aside."""

from __future__ import annotations

from pathlib import Path

import click

from bitgrid.clock import SystemClock
from bitgrid.ops.commands.ledger import data_directory
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import running
from bitgrid.ops.places import project_root
from bitgrid.store import StoreError, feeds, hot_schema, ledger_opening, month
from bitgrid.store.incidents import Loss
from bitgrid.store.ledger_check import problem_of_month
from bitgrid.store.opening import SET_ASIDE, SNAPSHOTS, examine, give_back, usable
from bitgrid.store.snapshots import Snapshots

_FORMS = {"bitgrid": len(hot_schema.STEPS), "feeds": len(feeds.STEPS)}
_data = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the databases."
)


@click.group()
def store() -> None:
    """Look after the databases: check them, list what they can be given back from, give it back."""


@store.command()
@_data
@click.pass_context
def check(context: click.Context, data: Path | None) -> None:
    """Look at each database, list its snapshots and what was set aside; exit code 1 if one is damaged."""
    directory, clock = data_directory(data), SystemClock()
    problems = {}
    for path in [directory / f"{name}.sqlite" for name in _FORMS]:
        problems[path], hindrance = examine(path, clock)
        if path.exists():
            click.echo(f"{path}: {problems[path] or _hindered(hindrance) or 'sound'}")
    for path in month.months(directory / "ledger"):
        problems[path] = problem_of_month(path, clock)
        click.echo(f"{path}: {problems[path] or 'sound'}")
    for one in Snapshots(directory / SNAPSHOTS).of():
        click.echo(f"snapshot of {one.name}, form {one.form}, as of {one.stamp}: {one.path}")
    for copy in month.months(directory / SNAPSHOTS / "ledger"):
        click.echo(f"copy of the ledger's {copy.stem}: {copy}")
    for incident in sorted((directory / SET_ASIDE).glob("*")):
        click.echo(f"set aside: {incident}")
    context.exit(int(any(problems.values())))


def _hindered(hindrance: str) -> str:
    is_held = "locked" in hindrance
    return "in use by the house that runs; end it, and ask again" if is_held else hindrance


@store.command()
@click.argument("name", type=click.Choice([*_FORMS, "ledger"]))
@_data
def restore(name: str, data: Path | None) -> None:
    """Set a database aside and give its newest snapshot back; of the ledger, the last month's copy.

    The house must not run. After the ledger was given back, the rules start as if nothing were known:
    everything stays off until a person acknowledges the emergency stop.
    """
    directory = data_directory(data)
    if any(Path(card.data) == directory for card in running(project_root() / "var")):
        raise Refusal(f"a house runs on {directory}; end it before its databases are changed")
    try:
        loss = _restore(name, directory)
    except (StoreError, OSError) as error:
        raise Refusal(str(error)) from None
    click.echo(f"{loss.file}: given back from {loss.given_back or 'nothing'}. What was there is in {loss.aside}.")


def _restore(name: str, directory: Path) -> Loss:
    clock, asked = SystemClock(), "a person asked for it"
    if name == "ledger":
        files = month.months(directory / name)
        if not files:
            raise Refusal(f"there is no ledger in {directory / name}")
        return ledger_opening.give_back(files[-1], asked, clock)
    path = directory / f"{name}.sqlite"
    snapshot = usable(path, _FORMS[name])
    if snapshot is None:
        raise Refusal(f"there is no sound snapshot of {name} that this release can read; see: bitgrid store check")
    return give_back(path, asked, snapshot, clock)
