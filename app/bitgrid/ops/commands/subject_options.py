"""What every command on key figures is asked with: whose figures, and in which language."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from bitgrid.ops.commands.period import DIRECTORY

_Command = Callable[..., Any]
_OPTIONS: tuple[Callable[[_Command], _Command], ...] = (
    click.option("--language", type=click.Choice(["de", "en"]), help="By default the house's own."),
    click.option(
        "--data", type=DIRECTORY, help="Data of a house, such as var/0/data; by default the running one's."
    ),
    click.option("--archive", type=DIRECTORY, help="An archive alone: of an import, or of an unpacked bundle."),
    click.option("--config", "directory", type=DIRECTORY, help="Directory of the configuration."),
)


def subject_options(command: _Command) -> _Command:
    """Let a command take ``language``, ``data``, ``archive`` and ``directory``, for `bitgrid.ops.kpis.subject`."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)
