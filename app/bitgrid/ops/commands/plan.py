"""`bitgrid plan`, and what `bitgrid preview` shares with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bitgrid.explain import Explainer, Language
from bitgrid.explain.figures import Figures
from bitgrid.kernel import decision_record
from bitgrid.ops.commands.period import DIRECTORY, data_directory, open_ledger
from bitgrid.ops.errors import Refusal
from bitgrid.replay.archive import Library
from bitgrid.replay.errors import NothingThere, ReplayError
from bitgrid.replay.preview import PlannedBlock
from bitgrid.replay.standing import DAY_S, newest_rows, standing
from bitgrid.store import StoreError


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
        library = Library(ledger)
        book, known = newest_rows(ledger, library)
        site = book.config.site
        chosen: Language = "de" if (language or site.language) == "de" else "en"
        planned = standing(ledger, library, book, known).plan(blocks or DAY_S // book.rules.block_s)
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
    except NothingThere as error:
        raise Refusal(str(error)) from None
    except (ReplayError, StoreError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"the ledger does not tell enough to plan from: {error}") from None
    finally:
        ledger.close()
    return "\n".join(told)


def _as_json(
    planned: Mapping[str, list[PlannedBlock]], explainer: Explainer, language: Language
) -> dict[str, list[dict[str, object]]]:
    """By load; beside the figures the reason, as a sentence."""
    return {
        load: [
            block.record() | {"reason": explainer.explain(decision_record(block.decision), language)}
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
