"""`bitgrid report`."""

from __future__ import annotations

from pathlib import Path

import click

from bitgrid.ops.commands.period import FILE
from bitgrid.ops.commands.subject_options import subject_options
from bitgrid.ops.errors import Refusal
from bitgrid.ops.kpis import kpi_errors_told, subject
from bitgrid.ops.report.page import House, render
from bitgrid.replay.kpi.period import month as month_of


@click.command()
@click.argument("month")
@click.option("--out", type=FILE, required=True, help="The HTML file to write.")
@subject_options
def report(  # noqa: PLR0913, PLR0917  one option each
    month: str,
    out: Path,
    language: str | None,
    data: Path | None,
    archive: Path | None,
    directory: Path | None,
) -> None:
    """Write a MONTH's report (2025-05) as one HTML file, to be read or printed.

    Every file of the archive that it rests on is held against its hash first.
    """
    meant = subject(data, archive, directory, is_verified=True)
    with kpi_errors_told():
        asked = month_of(month, meant.zone, meant.block_s)
    house = House(meant.config.site.name, meant.language(language))
    page = render(meant.reckon(asked), house, month)
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}; name another file with --out") from None
    click.echo(f"{out}: {month}, {house.name}")
