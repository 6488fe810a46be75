"""`bitgrid import …`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
Opens = Callable[[Path, Progress], AbstractContextManager[Source]]
"""Opens the source while it is read; handed an empty directory for what it puts aside."""
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
    from bitgrid.imports.csv_file import read_csv  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.mapping import CsvMap, read_mapping  # noqa: PLC0415  pyarrow takes memory and time

    @contextmanager
    def opens(aside: Path, progress: Progress) -> Iterator[Source]:
        yield read_csv(file, read_mapping(mapping, CsvMap), aside, progress)

    _make(file, to, opens)


@imports.command(name="evcc")
@click.argument("file", type=FILE)
@_to
def from_evcc(file: Path, to: Path | None) -> None:
    """Import evcc's database (evcc.db): quarter hours of sun, grid, battery, household, prices."""
    from bitgrid.imports.evcc import read_evcc  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.sqlite_file import opened  # noqa: PLC0415  pyarrow takes memory and time

    @contextmanager
    def opens(aside: Path, _: Progress) -> Iterator[Source]:
        notes: list[str] = []
        with opened(file, aside, notes) as connection:
            source = read_evcc(connection)
            source.notes += notes
            yield source

    _make(file, to, opens)


@imports.command(name="home-assistant")
@click.argument("file", type=FILE)
@click.option("--map", "mapping", type=FILE, help="MAP.yaml: which entity is which signal.")
@click.option(
    "--propose", type=FILE, help="Write a proposal of MAP.yaml to this file, to look at; import nothing."
)
@click.option("--energy", type=FILE, help="With --propose: the energy dashboard's file, .storage/energy.")
@_to
def from_home_assistant(
    file: Path, mapping: Path | None, propose: Path | None, energy: Path | None, to: Path | None
) -> None:
    """Import Home Assistant's recorder database (home-assistant_v2.db) by a mapping."""
    from bitgrid.imports.home_assistant.database import Recorder  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.home_assistant.figures import read_home_assistant  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.mapping import HomeAssistantMap, read_mapping  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.sqlite_file import opened  # noqa: PLC0415  pyarrow takes memory and time

    if mapping is None or propose is not None:
        _propose(file, propose, energy)
        return

    @contextmanager
    def opens(aside: Path, _: Progress) -> Iterator[Source]:
        notes: list[str] = []
        known = read_mapping(mapping, HomeAssistantMap)
        with opened(file, aside, notes) as connection:
            source = read_home_assistant(Recorder(connection), known)
            source.notes += notes
            yield source

    _make(file, to, opens)


def _propose(file: Path, place: Path | None, energy: Path | None) -> None:
    """Write a proposal; without a place for it, refuse with its text: nothing is guessed."""
    from bitgrid.imports.home_assistant.database import Recorder  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.home_assistant.energy import read_energy  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.home_assistant.proposal import proposal  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.sqlite_file import opened  # noqa: PLC0415  pyarrow takes memory and time

    with _refusals_told(), tempfile.TemporaryDirectory(dir=place and place.parent) as aside:
        dashboard = [] if energy is None else read_energy(energy)
        with opened(file, Path(aside), []) as connection:
            text = proposal(Recorder(connection), dashboard)
    if place is None:
        raise Refusal(
            f"which entity is which must be said with --map. Write a proposal to a file with --propose MAP.yaml, "
            f"look at it, and import by it. What was found:\n\n{text}"
        )
    try:
        with place.open("x", encoding="utf-8") as written:
            written.write(text)
    except OSError as error:
        raise Refusal(f"{place}: {error.strerror}; the proposal was not written") from None
    click.echo(f"{place} is a proposal: look at every line, then import with --map {place}")


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except ImportRefused as error:
        raise Refusal(f"{error}") from None
    except OSError as error:
        raise Refusal(f"{error.filename or 'the disk'}: {error.strerror}; nothing was imported") from None


def _make(file: Path, to: Path | None, opens: Opens) -> None:
    """Read, write and tell what came of it; nothing is left where it fails."""
    from bitgrid.imports.files import refuse_other_formats, told_of  # noqa: PLC0415  pyarrow takes memory and time
    from bitgrid.imports.writing import write_import  # noqa: PLC0415  pyarrow takes memory and time

    place = to or project_root() / "var" / "imports" / file.stem
    with _refusals_told():
        refuse_other_formats(file, "a CSV file or a database")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=place.parent) as aside, ExitStack() as open_:
            with _progress("Reading") as tell:
                source = open_.enter_context(opens(Path(aside), tell))
            with _progress("Writing") as tell:
                report = write_import(source, told_of(file), place, clock_from_environment(), tell)
    click.echo("\n".join(report.told()))
    click.echo(f"\nWritten to {place}. Simulate it with: bitgrid simulate {place}")


@contextmanager
def _progress(label: str) -> Iterator[Progress]:
    with click.progressbar(length=_STEPS, label=label, file=sys.stderr) as bar:
        yield lambda share: bar.update(round(share * _STEPS) - bar.pos)
        bar.update(_STEPS - bar.pos)
