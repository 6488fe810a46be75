"""`bitgrid ledger …`."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import running
from bitgrid.ops.places import data_places, project_root
from bitgrid.store import DecisionRow, EventRow, Ledger, StoreError
from bitgrid.store.chain import Head
from bitgrid.store.verify import Verification, inspect

MOST_TOLD = 50
LONG_RECORDS = 5000
_HEAD = re.compile(r"^(\d+):([0-9a-f]{64})$")
_data = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the databases."
)


@click.group()
def ledger() -> None:
    """Verify and show the ledger: every decision and event, as it was recorded."""


@ledger.command()
@_data
@click.option("--head", help="A head noted down earlier (NUMBER:HASH), which must still be in the chain.")
@click.pass_context
def verify(context: click.Context, data: Path | None, head: str | None) -> None:
    """Read every record again and name what was changed, lost or put in; exit code 1 if anything was.

    Print the head and keep it elsewhere: with --head, an end cut off or a ledger replaced is found too.
    """
    directory, known = _directory(data), _head(head)
    length = _length(directory)
    if length < LONG_RECORDS:
        found = inspect(directory, known)
    else:
        with click.progressbar(length=length, label="Verifying", file=sys.stderr) as bar:
            found = inspect(directory, known, bar.update)
    click.echo("\n".join(_told(directory, found)))
    context.exit(int(bool(found.faults)))


@ledger.command()
@_data
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Records at most.")
def show(data: Path | None, limit: int) -> None:
    """Print the last decisions and events, the newest last."""
    reader = Ledger(_directory(data), read_only=True)
    try:
        rows: list[DecisionRow | EventRow] = [*reader.decisions(limit=limit), *reader.events(limit=limit)]
    except StoreError as error:
        raise Refusal(f"{error}. Which records are sound, tells: bitgrid ledger verify") from None
    for row in sorted(rows, key=lambda row: row.seq)[-limit:]:
        click.echo(_line(row))


def _told(directory: Path, found: Verification) -> Iterator[str]:
    yield f"{directory}: {found.files} files, {found.decisions} decisions, {found.events} events"
    if found.first_at_s is not None and found.last_at_s is not None:
        yield f"from {_utc(found.first_at_s)} to {_utc(found.last_at_s)}"
    yield f"head {found.head}"
    if not found.faults:
        yield "Every record is as it was written."
        return
    yield f"NOT SOUND, {len(found.faults)} faults:"
    yield from (f"  {fault}" for fault in found.faults[:MOST_TOLD])
    if len(found.faults) > MOST_TOLD:
        yield f"  … and {len(found.faults) - MOST_TOLD} more"
    yield "Keep this directory as it is, and hold it against a backup."


def _line(row: DecisionRow | EventRow) -> str:
    if isinstance(row, EventRow):
        return f"{row.seq:>7}  {_utc(row.at_s)}  {row.kind} event  {row.record}"
    decision = _decision(row.record)
    what = "  ".join(str(decision.get(word, "?")) for word in ("action", "level", "rule", "code"))
    return f"{row.seq:>7}  {_utc(row.at_s)}  {row.load}  {row.trigger}  {what}"


def _decision(record: str) -> dict[str, object]:
    """The decision in a record; empty where it was damaged."""
    try:
        decision = json.loads(record)["decision"]
    except (ValueError, KeyError, TypeError):
        return {}
    return decision if isinstance(decision, dict) else {}


def _utc(at_s: int) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _head(text: str | None) -> Head | None:
    if text is None:
        return None
    match = _HEAD.match(text)
    if match is None:
        raise Refusal(f"{text} is no head; write it as it was printed: a number, a colon, 64 hexadecimal digits")
    return Head(int(match[1]), match[2])


def _length(directory: Path) -> int:
    """How many records there are, for the progress bar; 0 where that cannot be told."""
    reader = Ledger(directory, read_only=True)
    try:
        return reader.head().seq
    except StoreError:
        return 0


def data_directory(data: Path | None) -> Path:
    """The data that are meant: those named, or those of the house on this machine that has a ledger."""
    tried = list(data_places(data, _running()))
    found = next((path for path in tried if (path / "ledger").is_dir()), None)
    if found is None:
        raise Refusal(
            f"there is no ledger in {' or '.join(str(path / 'ledger') for path in tried)}. "
            "Name the directory that holds it with --data"
        )
    return found


def _directory(data: Path | None) -> Path:
    return data_directory(data) / "ledger"


def _running() -> list[Path]:
    return [Path(card.data) for card in running(project_root() / "var")]
