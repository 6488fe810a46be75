"""`bitgrid kpi`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from bitgrid.explain.language import Language
from bitgrid.ops.commands.period import period
from bitgrid.ops.commands.subject_options import subject_options
from bitgrid.ops.kpis import Subject, kpi_errors_told, subject
from bitgrid.replay.kpi.asking import as_json
from bitgrid.replay.kpi.catalogue import GROUPS
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Figure, Reckoned
from bitgrid.replay.kpi.words import Words

USUAL_S = 30 * 86_400


@click.command()
@click.option("--from", "begin", help="2024-05-15 (midnight there), 2024-05-15T12:30, or with Z for UTC.")
@click.option("--to", "end", help="Where to end; as --from. By default both: the last 30 days.")
@click.option("--json", "as_json_", is_flag=True, help="As JSON, for programs; with every day of the period.")
@subject_options
def kpi(  # noqa: PLR0913, PLR0917  one option each
    begin: str | None,
    end: str | None,
    as_json_: bool,
    language: str | None,
    data: Path | None,
    archive: Path | None,
    directory: Path | None,
) -> None:
    """Tell the key figures of a period: autarky, import saved, what was mined, how well the house kept its word.

    Each with how much of the period it is known for; what is not known is not guessed. docs/kpi.md says how
    each is reckoned.
    """
    meant = subject(data, archive, directory)
    reckoned = meant.reckon(_asked(meant, begin, end))
    spoken = meant.language(language)
    click.echo(
        json.dumps(as_json(reckoned, spoken), ensure_ascii=False)
        if as_json_
        else "\n".join(_table(reckoned, spoken))
    )


def _asked(meant: Subject, begin: str | None, end: str | None) -> Period:
    """The period; an end that is left out is now, a beginning 30 days before it."""
    from_s, to_s = period(begin, end, meant.zone)
    if end is None:
        to_s = -(-int(meant.now_s) // meant.block_s) * meant.block_s
    if begin is None:
        from_s = to_s - USUAL_S
    with kpi_errors_told():
        return Period(from_s, to_s, meant.zone, meant.block_s)


def _table(reckoned: Reckoned, language: Language) -> Iterator[str]:
    words, told = Words.of(language, reckoned.asked.zone), reckoned.figures()
    yield words.span(reckoned.asked, reckoned.over)
    names = {figure.kpi.name: words.name(figure.kpi) for figure in told}
    width = max(map(len, names.values()))
    for group in GROUPS:
        yield f"\n{words.t(f'group-{group}')}"
        for figure in told:
            if figure.kpi.group == group:
                yield f"  {names[figure.kpi.name]:<{width}}  {_line(figure, words)}"
    yield from (f"\n{words.t('note', note=note)}" for note in reckoned.notes)


def _line(figure: Figure, words: Words) -> str:
    if figure.unknown is not None:
        return f"{words.value(figure):>16}  {words.why(figure.unknown)}"
    known = "" if figure.coverage == 1 else f"  {words.t('known-for', share=words.coverage(figure.coverage))}"
    return f"{words.value(figure):>16}{known}"
