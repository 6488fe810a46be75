"""What `replay`, `simulate`, `preview` and `plan` share: a period of time, and the ledger of a running house."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import Card, running
from bitgrid.ops.places import project_root
from bitgrid.store import Ledger

ALWAYS = (0, 1 << 40)
DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


def period(begin: str | None, end: str | None, zone: ZoneInfo) -> tuple[int, int]:
    """From and to in UTC epoch seconds, the end left out.

    Raises:
        Refusal: they cannot be read, or the end is not after the beginning.
    """
    begin_s = ALWAYS[0] if begin is None else _moment("--from", begin, zone)
    end_s = ALWAYS[1] if end is None else _moment("--to", end, zone)
    if end_s <= begin_s:
        raise Refusal(f"--to {end} is not after --from {begin}; there is nothing in between")
    return begin_s, end_s


def _moment(option: str, text: str, zone: ZoneInfo) -> int:
    try:
        if len(text) == len("2024-05-15"):
            day = date.fromisoformat(text)
            return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            f"{option} {text} is no time. Write 2024-05-15 for midnight at the house, "
            f"2024-05-15T12:30 for local time there, 2024-05-15T10:30Z for UTC."
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def only_card() -> Card:
    """The house that runs on this machine.

    Raises:
        Refusal: none does.
    """
    card = next(running(project_root() / "var"), None)
    if card is None:
        raise Refusal(
            "nothing runs on this machine. Start the simulated house with: make run; "
            "or name the data of one that ran with --data, such as: --data var/0/data"
        )
    return card


def data_directory(data: Path | None) -> Path:
    """Where the data are: as named, else the running house's.

    Raises:
        Refusal: nothing is named and nothing runs.
    """
    return Path(only_card().data) if data is None else data


def open_ledger(data: Path) -> Ledger:
    """The ledger in a house's data directory, for reading.

    Raises:
        Refusal: there is none.
    """
    place = data if data.name == "ledger" else data / "ledger"
    if not any(place.glob("*.sqlite")):
        raise Refusal(f"{place}: there is no ledger; nothing was decided here yet, or this is another directory")
    return Ledger(place, read_only=True)
