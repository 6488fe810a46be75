"""`bitgrid archive …`."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bitgrid.clock import clock_from_environment
from bitgrid.config import ConfigError, load_config
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import running
from bitgrid.ops.places import data_places, default_config, project_root
from bitgrid.store.archive import manifest
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.manifest import Entry, Manifest
from bitgrid.store.errors import ArchiveError

MOST_TOLD = 50
MB = 1_000_000
NICE = 10
_data = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the databases."
)
_archive = click.option(
    "--archive", "named", type=click.Path(file_okay=False, path_type=Path), help="An archive's own directory."
)


@click.group()
def archive() -> None:
    """Verify, list and keep what is kept for years: a Parquet file a day and kind."""


@archive.command()
@_data
@_archive
@click.pass_context
def verify(context: click.Context, data: Path | None, named: Path | None) -> None:
    """Read every file to its end and hold it against the manifest; exit code 1 if anything is amiss."""
    from bitgrid.store.archive.verify import verify as found_in  # noqa: PLC0415  pyarrow, where it is used

    directory = _directory(data, named)
    known = manifest.load(directory)
    with click.progressbar(length=len(known.entries), label="Verifying", file=sys.stderr) as bar:
        problems = found_in(directory, lambda: bar.update(1))
    kept = [entry for entry in known.entries.values() if not entry.is_dropped]
    click.echo(f"{directory}: {len(kept)} files, {_mb(kept)} MB")
    if not problems:
        click.echo("Every file is as it was written.")
        return
    click.echo(f"NOT SOUND, {len(problems)} problems:")
    click.echo("\n".join(f"  {problem}" for problem in problems[:MOST_TOLD]))
    if len(problems) > MOST_TOLD:
        click.echo(f"  … and {len(problems) - MOST_TOLD} more")
    context.exit(1)


@archive.command(name="list")
@_data
@_archive
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def list_kinds(data: Path | None, named: Path | None, as_json: bool) -> None:
    """Tell what is kept of each kind, and which days are missing in between."""
    directory = _directory(data, named)
    told = [_summary(manifest.load(directory), kind) for kind in KINDS]
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(
        f"{'kind':<18}{'first':<12}{'last':<12}{'days':>6}{'missing':>9}{'thinned':>9}{'rows':>12}{'MB':>8}"
    )
    for line in told:
        ends = f"{line['first'] or '–':<12}{line['last'] or '–':<12}"
        counts = f"{line['days']:>6}{len(line['missing']):>9}{line['thinned']:>9}{line['rows']:>12}"
        click.echo(f"{line['kind']:<18}{ends}{counts}{line['bytes'] / MB:>8.1f}")


@archive.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@_data
@_archive
def decisions(day: dt.datetime, data: Path | None, named: Path | None) -> None:
    """Print the archived decisions of a UTC DAY for programs: JSON, a line each, the whole record in it."""
    from bitgrid.store.archive.reader import ArchiveReader  # noqa: PLC0415  pyarrow, where it is used

    try:
        table = ArchiveReader(_directory(data, named)).table("decisions", day.date(), day.date())
    except ArchiveError as error:
        raise Refusal(str(error)) from None
    if not table.num_rows:
        raise Refusal(f"of {day.date()} no decisions are archived; what is, tells: bitgrid archive list")
    names = ("seq", "load", "clock_epoch", "block", "trigger", "at_s", "record")
    for row in table.select(names).sort_by("seq").to_pylist():
        click.echo(json.dumps(row, ensure_ascii=False))


@archive.command()
@click.argument("kind", type=click.Choice(tuple(KINDS)))
@click.option(
    "--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day that is kept, UTC."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_data
@_archive
def drop(kind: str, before: dt.datetime, yes: bool, data: Path | None, named: Path | None) -> None:
    """Delete the files of a KIND before a day, for good; the manifest keeps that it was your word.

    The ledger keeps its decisions and events. Telemetry is in no other place.
    """
    from bitgrid.store.archive.keeper import locked  # noqa: PLC0415  pyarrow, where it is used
    from bitgrid.store.archive.writer import ArchiveWriter  # noqa: PLC0415  pyarrow takes memory and time

    directory = _directory(data, named)
    doomed = [entry for entry in manifest.load(directory).kept(kind) if entry.day < before.date()]
    if not doomed:
        raise Refusal(f"no {kind} is kept from before {before.date()}; what is kept, tells: bitgrid archive list")
    what = f"{len(doomed)} days of {kind}, {doomed[0].date} to {doomed[-1].date}, {_mb(doomed)} MB"
    if not yes:
        click.confirm(f"Delete {what}, for good?", abort=True)
    try:
        with locked(directory):
            writer = ArchiveWriter(directory, clock_from_environment())
            for entry in doomed:
                writer.drop_day(kind, entry.day, "the owner's word")
    except ArchiveError as error:
        raise Refusal(str(error)) from None
    click.echo(f"Deleted {what}.")


@archive.command()
@_data
@click.option("--config", "config_dir", type=click.Path(file_okay=False, path_type=Path), help="Configuration.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for the recorder.")
@click.pass_context
def run(context: click.Context, data: Path | None, config_dir: Path | None, as_json: bool) -> None:
    """Archive finished days and keep retention; the recorder does this by itself every night."""
    import pyarrow as pa  # noqa: PLC0415  where it is used

    from bitgrid.store.archive.keeper import Keeper  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.store.archive.retention import Limits  # noqa: PLC0415  pyarrow takes memory and time

    os.nice(NICE)
    pa.set_cpu_count(1)
    place = next((path for path in data_places(data, _running()) if path.is_dir()), None)
    if place is None:
        raise Refusal("there is no data directory; name it with --data")
    try:
        kept = load_config(config_dir or default_config()).site.archive
        limits = Limits(kept.full_days, kept.keep_days, kept.warn_free_mb * MB, kept.min_free_mb * MB)
        outcome = Keeper(place, limits, clock_from_environment()).run()
    except (ArchiveError, ConfigError) as error:
        raise Refusal(str(error)) from None
    if as_json:
        click.echo(outcome.to_json())
        return
    click.echo("\n".join([*outcome.done, *outcome.warnings, *outcome.problems] or ["There is nothing to do."]))
    context.exit(int(bool(outcome.problems)))


def _summary(known: Manifest, kind: str) -> dict[str, Any]:
    """What is kept of a kind."""
    kept = known.kept(kind)
    return {
        "kind": kind,
        "first": kept[0].date if kept else None,
        "last": kept[-1].date if kept else None,
        "days": len(kept),
        "missing": [day.isoformat() for day in _missing(kept)],
        "thinned": sum(entry.is_thinned for entry in kept),
        "rows": sum(entry.rows for entry in kept),
        "bytes": sum(entry.bytes for entry in kept),
    }


def _missing(kept: list[Entry]) -> Iterator[dt.date]:
    """Days between the first and the last of which there is no file."""
    days = {entry.day for entry in kept}
    if kept:
        span = (kept[-1].day - kept[0].day).days
        yield from (day for n in range(span) if (day := kept[0].day + dt.timedelta(days=n)) not in days)


def _mb(entries: list[Entry]) -> str:
    return f"{sum(entry.bytes for entry in entries) / MB:.1f}"


def _directory(data: Path | None, named: Path | None) -> Path:
    """The archive that is meant: the one named, or that of the house on this machine."""
    tried = [named] if named else [path / "archive" for path in data_places(data, _running())]
    found = next((path for path in tried if path.is_dir()), None)
    if found is None:
        raise Refusal(
            f"there is no archive in {' or '.join(map(str, tried))}. The recorder begins one when a day has "
            "ended; name the data directory with --data, or an archive's own with --archive"
        )
    return found


def _running() -> list[Path]:
    return [Path(card.data) for card in running(project_root() / "var")]
