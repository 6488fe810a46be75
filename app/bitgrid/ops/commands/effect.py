"""`bitgrid effect`: what the page *Rules* shows before other thresholds are applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bitgrid.config import Config, Rules
from bitgrid.ops.commands.loading import load
from bitgrid.ops.commands.period import DIRECTORY, open_ledger
from bitgrid.ops.errors import Refusal
from bitgrid.replay.archive import Library
from bitgrid.replay.drive import Drive, from_ledger
from bitgrid.replay.errors import ReplayError
from bitgrid.replay.kpis import figures
from bitgrid.replay.simulation import live, live_without_mining
from bitgrid.store import DecisionRow, StoreError
from bitgrid.store.ledger_window import decisions_between

DAY_S = 86_400
AT_ONCE = 2000
TELL_EVERY_BLOCKS = 36


@click.command()
@click.option("--data", type=DIRECTORY, required=True, help="Data directory of the house.")
@click.option("--config", "directory", type=DIRECTORY, required=True, help="Directory of its configuration.")
@click.option("--rules-json", "proposed", required=True, help="The other rules: bitgrid_rules.yaml as JSON.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="Counted back from now.")
def effect(data: Path, directory: Path, proposed: str, days: int) -> None:
    """Live the last days again by the rules in force and by others, and print both as JSON.

    A closed-loop simulation, as `bitgrid simulate`; how far it is stands on stderr as `progress 12/60`.
    """
    config = load(directory)
    other = replace(config, rules=_rules(proposed, config))
    try:
        told = _compared(config, other, data, days)
    except (ReplayError, StoreError) as error:
        raise Refusal(f"nothing could be simulated: {error}") from None
    click.echo(json.dumps(told))


def _rules(text: str, config: Config) -> Rules:
    try:
        rules = Rules.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refusal(f"these are no rules: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if rules.block_s != config.rules.block_s:
        raise Refusal("what was recorded has the block length in force; another one cannot be compared with it")
    return rules


@dataclass
class _Seen:
    """Which blocks are recorded, noted while they are read."""

    rows: Iterator[DecisionRow]
    blocks: set[int] = field(default_factory=set)

    def __iter__(self) -> Iterator[DecisionRow]:
        for row in self.rows:
            if row.trigger == "TICK":
                self.blocks.add(row.block)
            yield row


def _compared(config: Config, other: Config, data: Path, days: int) -> dict[str, Any]:
    ledger = open_ledger(data)
    newest = ledger.decisions(limit=1)
    ends_s = newest[0].at_s + 1 if newest else 0
    seen = _Seen(_records(data, ends_s - days * DAY_S, ends_s))
    drive = from_ledger(seen, config, Library(ledger).forecast)
    told = _progress(2 * len(drive))
    without = live_without_mining(config, [drive])
    columns = {
        name: figures(live(each, [drive], told), without) for name, each in (("before", config), ("after", other))
    }
    return {"schema": 1, **_of_period(drive, len(seen.blocks), config), **columns}


def _records(data: Path, from_s: int, to_s: int) -> Iterator[DecisionRow]:
    """Every decision of a stretch, some thousand in memory at a time."""
    place, after = data / "ledger", 0
    while rows := decisions_between(place, from_s, to_s, after_seq=after, limit=AT_ONCE):
        yield from rows
        after = rows[-1].seq


def _of_period(drive: Drive, recorded: int, config: Config) -> dict[str, Any]:
    hodl = config.policies.hodl
    forecast = 0 if drive.archived is None else drive.archived.covered(drive.first_block, len(drive))
    return {
        "from_s": drive.first_block * drive.block_s,
        "to_s": (drive.first_block + len(drive)) * drive.block_s,
        "blocks": len(drive),
        "gap_blocks": max(0, len(drive) - recorded),
        "forecast_blocks": forecast,
        "worth_ct_kwh": None if hodl is None else hodl.ct_kwh,
    }


def _progress(blocks: int) -> Callable[[], None]:
    """Tells how far it is, on stderr, some dozen times."""
    done = 0

    def lived() -> None:
        nonlocal done
        done += 1
        if done % TELL_EVERY_BLOCKS == 0 or done == blocks:
            click.echo(f"progress {done}/{blocks}", err=True)

    return lived
