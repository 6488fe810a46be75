"""`bitgrid plan`, and what `bitgrid preview` shares with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bitgrid.explain import Explainer, Language
from bitgrid.explain.figures import Figures
from bitgrid.kernel import (
    EnergyState,
    LoadMemory,
    LoadProfile,
    Trigger,
    advance,
    decide,
    decision_record,
    memory_from_record,
    state_from_record,
)
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
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def plan(data: Path | None, language: str | None, as_json: bool) -> None:
    """Tell what the next 24 hours would bring by the forecasts, block by block, with reasons.

    A preview by the rules themselves, not a promise: it is decided anew in every block, by what is measured then.
    """
    click.echo(show(data, None, language, as_json=as_json))


def show(data: Path | None, blocks: int | None, language: str | None, *, as_json: bool) -> str:
    """The coming blocks (None: a day) of every load, as a table a person can read or as JSON."""
    ledger = open_ledger(data_directory(data))
    try:
        newest = ledger.decisions(limit=1)
        if not newest:
            raise Refusal("nothing is decided yet, so there is nothing to go on from. Ask again in a few minutes.")
        book = Library(ledger).rulebook(json.loads(newest[0].record)["state"]["config_hash"])
        site = book.config.site
        chosen: Language = "de" if (language or site.language) == "de" else "en"
        known = {load: row for load in book.loads for row in ledger.decisions(limit=1, load=load)}
        planned = from_rows(ledger, known, book, blocks or DAY_S // book.rules.block_s)
        explainer = Explainer(site)
        if as_json:
            return json.dumps(_as_json(planned, explainer, chosen), ensure_ascii=False, indent=1)
        zone, told = ZoneInfo(site.location.timezone), []
        for load, row in known.items():
            told.append(f"{load}, as of {datetime.fromtimestamp(row.at_s, zone):%Y-%m-%d %H:%M}")
            told += table(planned[load], explainer, chosen)
        told += [f"{load}: nothing is decided yet." for load in book.loads if load not in known]
        if blocks is None and all(len(of_load) == 1 for of_load in planned.values()):
            told.append("There is no forecast, so nothing can be said beyond the next block.")
    except (ReplayError, StoreError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"the ledger does not tell enough to plan from: {error}") from None
    finally:
        ledger.close()
    return "\n".join(told)


def from_rows(
    ledger: Ledger, known: Mapping[str, DecisionRow], book: Rulebook, blocks: int
) -> dict[str, list[PlannedBlock]]:
    """Go on from the newest recorded decision of every load, in order of priority.

    Raises:
        ReplayError: what they were made from is not in the archive.
    """
    library, zone = Library(ledger), ZoneInfo(book.config.site.location.timezone)
    states: list[EnergyState] = []
    loads: list[tuple[LoadProfile, LoadMemory]] = []
    for name, row in known.items():
        record = json.loads(row.record)
        forecast_name = record["state"]["forecast"]
        forecast = None if forecast_name is None else library.forecast(forecast_name)
        state, memory = state_from_record(record["state"], forecast), memory_from_record(record["memory"])
        left = advance(decide(state, memory, book.rules, book.loads[name], Trigger(row.trigger)))
        states.append(state)
        loads.append((book.loads[name], left))
    newest = _foreseen(max(states, key=lambda state: state.at_s), ledger, library)
    return plan_blocks(newest, loads, book.rules, book.battery, blocks, lambda at_s: _day(at_s, zone))


def _foreseen(state: EnergyState, ledger: Ledger, library: Library) -> EnergyState:
    """The house with the forecast that has come into force since; no block that runs is decided by it."""
    told = ledger.newest_forecast()
    if told is None or told[0] <= state.at_s:
        return state
    return replace(state, forecast=library.forecast(told[1]))


def _as_json(
    planned: Mapping[str, list[PlannedBlock]], explainer: Explainer, language: Language
) -> dict[str, list[dict[str, object]]]:
    """Powers in W, charge in %, times in UTC epoch seconds."""
    return {
        load: [
            {
                "block": block.block,
                "at_s": block.at_s,
                "surplus_w": block.surplus_w,
                "battery_soc_pct": None if block.soc is None else block.soc / 10,
                "action": block.decision.action.value,
                "level": block.decision.level,
                "power_w": block.decision.power_w,
                "rule": block.decision.rule.value,
                "code": block.decision.code.value,
                "reason": explainer.explain(decision_record(block.decision), language),
            }
            for block in blocks
        ]
        for load, blocks in planned.items()
    }


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
