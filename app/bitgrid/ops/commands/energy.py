"""`bitgrid energy`: what a page about a period shows, in one answer of one child process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bitgrid.ops.commands.period import period
from bitgrid.ops.commands.subject_options import subject_options
from bitgrid.ops.kpis import kpi_errors_told, subject
from bitgrid.replay.kpi.asking import as_json
from bitgrid.replay.kpi.blocks import MOST_DAYS, blocks
from bitgrid.replay.kpi.catalogue import GROUPS
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Figure, Reckoned
from bitgrid.replay.kpi.words import Words

_DAY_S = 86_400


@click.command()
@click.option("--from", "begin", required=True, help="2024-05-15 (midnight there), or with a time; Z for UTC.")
@click.option("--to", "end", required=True, help="Where to end, itself left out; as --from.")
@subject_options
def energy(  # noqa: PLR0913, PLR0917  one option each
    begin: str,
    end: str,
    language: str | None,
    data: Path | None,
    archive: Path | None,
    directory: Path | None,
) -> None:
    """Tell a period as JSON, for a page: its figures in words and, up to a week, its blocks.

    The figures are those of `bitgrid kpi`; docs/kpi.md says how each is reckoned.
    """
    meant = subject(data, archive, directory)
    from_s, to_s = period(begin, end, meant.zone)
    with kpi_errors_told():
        asked = Period(from_s, to_s, meant.zone, meant.block_s)
    spoken = meant.language(language)
    reckoned = meant.reckon(asked)
    answer = as_json(reckoned, spoken) | {
        "block_s": meant.block_s,
        "groups": groups(reckoned, Words.of(spoken, meant.zone)),
        "blocks": None,
    }
    if to_s - from_s <= MOST_DAYS * _DAY_S:
        with kpi_errors_told():
            answer["blocks"] = blocks(meant.recorded, asked, meant.now_s)
    click.echo(json.dumps(answer, ensure_ascii=False))


def groups(reckoned: Reckoned, words: Words) -> list[dict[str, Any]]:
    """Every figure in words, under its heading."""
    told = reckoned.figures()
    return [
        {
            "name": group,
            "title": words.t(f"group-{group}"),
            "figures": [_figure(figure, words) for figure in told if figure.kpi.group == group],
        }
        for group in GROUPS
    ]


def _figure(figure: Figure, words: Words) -> dict[str, str]:
    """Its name, value and formula; why it is not known, or for how much of the period it is, where not for all."""
    is_partly_known = figure.unknown is None and figure.coverage < 1
    return {
        "kpi": figure.kpi.name,
        "name": words.name(figure.kpi),
        "text": words.value(figure),
        "formula": words.formula(figure.kpi),
        "why": "" if figure.unknown is None else words.why(figure.unknown),
        "known": words.t("known-for", share=words.coverage(figure.coverage)) if is_partly_known else "",
    }
