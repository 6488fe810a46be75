"""`bitgrid import …`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bitgrid.clock import clock_from_environment
from bitgrid.imports.errors import ImportRefused
from bitgrid.imports.streams import Source
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import project_root

FILE = click.Path(path_type=Path)
_STEPS = 1000
Progress = Callable[[float], None]
Read = Callable[[Path, Progress], Source]
"""Reads the source; handed an empty directory for what it puts aside."""
_to = click.option("--to", type=FILE, help="Directory to make; by default var/imports/ and the file's name.")


@click.group(name="import")
def imports() -> None:
    """Bring in what other programs recorded of your house, to simulate BitGrid on it."""


@imports.command(name="csv")
@click.argument("file", type=FILE)
@click.option("--map", "mapping", type=FILE, required=True, help="MAP.yaml: what the columns are.")
@_to
def from_csv(file: Path, mapping: Path, to: Path | None) -> None:
    """Import a CSV file by a mapping; docs/import.md has examples."""
    from bitgrid.imports.csv_file import read_csv  # noqa: PLC0415
    from bitgrid.imports.mapping import CsvMap, read_mapping  # noqa: PLC0415

    with _refusals_told():
        known = read_mapping(mapping, CsvMap)
        _make(file, to, lambda spool, progress: read_csv(file, known, spool, progress))


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except ImportRefused as error:
        raise Refusal(f"{error}") from None


def _make(file: Path, to: Path | None, read: Read) -> None:
    """Read, write and tell what came of it; nothing is left where it fails."""
    from bitgrid.imports.files import refuse_other_formats, told_of  # noqa: PLC0415
    from bitgrid.imports.writing import write_import  # noqa: PLC0415

    place = to or project_root() / "var" / "imports" / file.stem
    refuse_other_formats(file, "a CSV file or a database")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=place.parent) as aside:
            with _progress("Reading") as tell:
                source = read(Path(aside), tell)
            with _progress("Writing") as tell:
                report = write_import(source, told_of(file), place, clock_from_environment(), tell)
    except OSError as error:
        raise Refusal(f"{error.filename or place}: {error.strerror}; nothing was imported") from None
    click.echo("\n".join(report.told()))
    click.echo(f"\nWritten to {place}. Simulate it with: bitgrid simulate {place}")


@contextmanager
def _progress(label: str) -> Iterator[Progress]:
    with click.progressbar(length=_STEPS, label=label, file=sys.stderr) as bar:
        yield lambda share: bar.update(round(share * _STEPS) - bar.pos)
        bar.update(_STEPS - bar.pos)
