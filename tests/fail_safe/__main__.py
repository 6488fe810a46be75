"""`make fail-safe`: takes every line of the fail-safe away, one at a time; each must be noticed. Takes minutes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from fail_safe.line import Line
from fail_safe.lines import LINES
from fail_safe.taking_away import copy_of_the_app, holds, is_noticed


def main(only: str = "") -> int:
    """Try each line whose words contain ``only``; how many do not hold, or could go and nobody would miss them."""
    amiss = 0
    with tempfile.TemporaryDirectory(prefix="bitgrid-fail-safe-") as directory:
        app = copy_of_the_app(Path(directory))
        for line in LINES:
            if line.withouts and only in line.says:
                amiss += _try(line, app)
    click.echo(f"{amiss} amiss" if amiss else "every line holds, and is missed when gone")
    return amiss


def _try(line: Line, app: Path) -> int:
    if not holds(line, app):
        click.echo(f"DOES NOT HOLD {line.says}")
        return 1
    noticed = [is_noticed(line, without, app) for without in line.withouts]
    for without, is_seen in zip(line.withouts, noticed, strict=True):
        click.echo(f"{'ok           ' if is_seen else 'NOT NOTICED  '} {line.says} | {without.old!r}")
    return noticed.count(False)


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
