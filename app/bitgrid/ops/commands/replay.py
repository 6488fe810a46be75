"""`bitgrid replay`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import click

import bitgrid
from bitgrid.config import Config
from bitgrid.ops.commands.loading import load
from bitgrid.ops.commands.period import DIRECTORY, FILE, data_directory, open_ledger, period
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import default_config
from bitgrid.replay.archive import Archive
from bitgrid.replay.replaying import Difference, Replayer
from bitgrid.store import StoreError


@click.command()
@click.argument("bundle", type=FILE, required=False)
@click.option("--data", type=DIRECTORY, help="Data of a house, such as var/0/data; by default the running one's.")
@click.option("--from", "begin", help="2024-05-15 (midnight there), 2024-05-15T12:30, or with Z for UTC.")
@click.option("--to", "end", help="Where to end; as --from.")
@click.option("--report", type=FILE, help="Write the outcome as JSON too, such as into the data's replays/.")
@click.pass_context
def replay(  # noqa: PLR0913, PLR0917  one option each
    context: click.Context,
    bundle: Path | None,
    data: Path | None,
    begin: str | None,
    end: str | None,
    report: Path | None,
) -> None:
    """Derive every recorded decision again and compare, byte by byte; exit code 1 if one differs.

    With a BUNDLE, of the research export, those in it: nothing else of the house is needed.

    Each is decided by the kernel from its recorded state and memory, the archived configuration and forecast. This
    answers "was it right?"; for "what would other rules have done?" there is `bitgrid simulate`.
    """
    if bundle is not None and data is not None:
        raise Refusal("name a bundle or --data, not both")
    if bundle is not None:
        context.exit(_of_bundle(bundle, (begin, end), report))
    between = _period(load(default_config()), begin, end)
    ledger = open_ledger(data_directory(data))
    try:
        context.exit(compare(ledger, between, report))
    except StoreError as error:
        raise Refusal(f"{error}; replay has stopped") from None
    finally:
        ledger.close()


def _of_bundle(path: Path, ends: tuple[str | None, str | None], report: Path | None) -> int:
    """Replay a bundle; the exit code."""
    from bitgrid.ops.commands.bundles import believed, newest_config  # noqa: PLC0415  pyarrow, for bundles alone

    with believed(path) as (bundle, verified):
        return compare(bundle, _period(newest_config(bundle, verified), *ends), report)


def _period(config: Config, begin: str | None, end: str | None) -> tuple[int, int]:
    return period(begin, end, ZoneInfo(config.site.location.timezone))


def compare(archive: Archive, between: tuple[int, int], report: Path | None = None) -> int:
    """Replay a period, print what differs, report it where asked; the exit code."""
    replayer, differing, told = Replayer(archive), 0, []
    rows = (row for row in archive.records() if between[0] <= row.at_s < between[1])
    with click.progressbar(rows, label="replaying", show_pos=True, file=sys.stderr) as shown:
        for row in shown:
            found = replayer.check(row)
            differing += bool(found)
            for difference in found:
                click.echo(_told(difference))
                told.append(asdict(difference))
    if not replayer.checked:
        raise Refusal("no decision is recorded in this period, so there was nothing to replay")
    if report is not None:
        figures = {"checked": replayer.checked, "differing": differing, "from_s": between[0], "to_s": between[1]}
        _write(report, {"schema": 1, "bitgrid_version": bitgrid.__version__, **figures, "differences": told})
    if differing:
        click.echo(f"{differing} of {replayer.checked} decisions differ from what is derived.")
        return 1
    click.echo(f"{replayer.checked} decisions replayed: every one derived again to the same bytes.")
    return 0


def _write(path: Path, report: dict[str, object]) -> None:
    """Write a report, whole or not at all.

    Raises:
        Refusal: it cannot be.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise Refusal(f"the report {path} could not be written ({error.strerror})") from None


def _told(difference: Difference) -> str:
    lines = [f"{difference.decision_id}: {difference.what}"]
    if difference.recorded:
        lines.append(f"  recorded: {difference.recorded}")
    if difference.derived:
        lines.append(f"  derived:  {difference.derived}")
    return "\n".join(lines)
