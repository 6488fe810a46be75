"""`bitgrid plan`, and what `bitgrid preview` shares with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bitgrid.explain import Explainer, Language
from bitgrid.explain.figures import Figures
from bitgrid.kernel import Trigger, advance, decide, decision_record, memory_from_record, state_from_record
from bitgrid.ops.commands.period import DIRECTORY, data_directory, open_ledger
from bitgrid.ops.errors import Refusal
from bitgrid.replay.archive import Library, Rulebook
from bitgrid.replay.errors import ReplayError
from bitgrid.replay.preview import PlannedBlock
from bitgrid.replay.preview import plan as plan_blocks
from bitgrid.store import DecisionRow, Ledger, StoreError

DAY_S = 86_400


@click.command()
@click.option("--data", type=DIRECTORY, help="Data of a house, such as var/0/data; by default the running one's.")
@click.option("--language", type=click.Choice(["de", "en"]), help="By default the house's own.")
def plan(data: Path | None, language: str | None) -> None:
    """Tell what the next 24 hours would bring by the forecasts, block by block, with reasons.

    A preview by the rules themselves, not a promise: it is decided anew in every block, by what is measured then.
    """
    click.echo(show(data, None, language))


def show(data: Path | None, blocks: int | None, language: str | None) -> str:
    """The coming blocks (None: a day) of every load, as a table a person can read."""
    ledger = open_ledger(data_directory(data))
    try:
        newest = ledger.decisions(limit=1)
        if not newest:
            raise Refusal("nothing is decided yet, so there is nothing to go on from. Ask again in a few minutes.")
        book = Library(ledger).rulebook(json.loads(newest[0].record)["state"]["config_hash"])
        site = book.config.site
        chosen: Language = "de" if (language or site.language) == "de" else "en"
        told = [part for load in book.loads for part in _of_load(ledger, book, load, blocks, chosen)]
    except (ReplayError, StoreError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"the ledger does not tell enough to plan from: {error}") from None
    finally:
        ledger.close()
    return "\n".join(told)


def _of_load(ledger: Ledger, book: Rulebook, load: str, blocks: int | None, language: Language) -> Iterator[str]:
    rows = ledger.decisions(limit=1, load=load)
    if not rows:
        yield f"{load}: nothing is decided yet."
        return
    planned = from_row(ledger, rows[0], book, blocks or DAY_S // book.rules.block_s)
    explainer, zone = Explainer(book.config.site), ZoneInfo(book.config.site.location.timezone)
    yield f"{load}, as of {datetime.fromtimestamp(rows[0].at_s, zone):%Y-%m-%d %H:%M}"
    yield from table(planned, explainer, language)
    if blocks is None and len(planned) == 1:
        yield "There is no forecast, so nothing can be said beyond the next block."


def from_row(ledger: Ledger, row: DecisionRow, book: Rulebook, blocks: int) -> list[PlannedBlock]:
    """Go on from a recorded decision.

    Raises:
        ReplayError: what it was made from is not in the archive.
    """
    record = json.loads(row.record)
    name = record["state"]["forecast"]
    forecast = None if name is None else Library(ledger).forecast(name)
    state, memory = state_from_record(record["state"], forecast), memory_from_record(record["memory"])
    load = book.loads[row.load]
    left = advance(decide(state, memory, book.rules, load, Trigger(row.trigger)))
    zone = ZoneInfo(book.config.site.location.timezone)
    return plan_blocks(state, left, book.rules, load, book.battery, blocks, lambda at_s: _day(at_s, zone))


def table(planned: list[PlannedBlock], explainer: Explainer, language: Language) -> Iterator[str]:
    """A line a block: local time, expected surplus, charge, action, level, rule, and why."""
    figures = explainer.figures[language]
    for block in planned:
        decision = block.decision
        yield "  ".join(
            (
                figures.time_of_day(block.at_s),
                _watts(block.surplus_w, figures).rjust(9),
                _charge(block.soc, figures).rjust(7),
                decision.action.value.ljust(8),
                decision.level.ljust(6),
                decision.rule.value.ljust(5),
                explainer.explain(decision_record(decision), language),
            )
        )


def _watts(surplus_w: int | None, figures: Figures) -> str:
    return "–" if surplus_w is None else figures.watts(surplus_w)


def _charge(soc: int | None, figures: Figures) -> str:
    return "–" if soc is None else figures.value("soc_pct", soc / 10)


def _day(at_s: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(at_s, zone)
    return local.year * 10_000 + local.month * 100 + local.day
