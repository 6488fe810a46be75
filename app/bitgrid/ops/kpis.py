"""Whose figures are meant: a house that runs here, the data of one that ran, or an archive; and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bitgrid.clock import SystemClock, clock_from_environment, clock_from_text
from bitgrid.config import Config
from bitgrid.explain.language import Language
from bitgrid.ops.commands.loading import load
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import Card, running
from bitgrid.ops.places import default_config, project_root
from bitgrid.replay.kpi.asking import ask
from bitgrid.replay.kpi.configuration import brought_along
from bitgrid.replay.kpi.errors import KpiError
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Reckoned
from bitgrid.replay.kpi.recorded import Recorded
from bitgrid.store.archive.manifest import NAME


@dataclass(frozen=True)
class Subject:
    """A house whose figures are asked for."""

    recorded: Recorded
    config: Config
    now_s: float

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.config.site.location.timezone)

    @property
    def block_s(self) -> int:
        """Length of its blocks, s."""
        return self.config.rules.block_s

    def language(self, asked: str | None) -> Language:
        """The language asked for, else the house's own."""
        return "de" if (asked or self.config.site.language) == "de" else "en"

    def reckon(self, asked: Period) -> Reckoned:
        """The figures of a period.

        Raises:
            Refusal: they cannot be given.
        """
        with kpi_errors_told():
            return ask(self.recorded, asked, self.config, self.now_s)


def subject(
    data: Path | None, archive: Path | None, directory: Path | None, *, is_verified: bool = False
) -> Subject:
    """Whose figures are meant.

    Args:
        data: data directory of a house; None: of the one that runs here.
        archive: an archive alone, as an import or a bundle holds it.
        directory: of the configuration; None: the house's own.
        is_verified: whether each file is held against its hash.

    Raises:
        Refusal: nothing runs here and nothing is named, or it is no archive.
    """
    if archive is not None:
        if data is not None:
            raise Refusal("--data and --archive are two places; name one")
        return Subject(_archive(archive, is_verified), _of_archive(archive, directory), _clock(None).now())
    card = _card(data)
    place = data or Path(_running(card).data)
    if not place.is_dir():
        raise Refusal(f"{place} is no directory; name a house's data with --data, or an archive with --archive")
    config = load(directory or (Path(card.config) if card else default_config()))
    return Subject(Recorded(place / "archive", place, is_verified), config, _clock(card).now())


@contextmanager
def kpi_errors_told() -> Iterator[None]:
    """Turn a `KpiError` into text for a person."""
    try:
        yield
    except KpiError as error:
        raise Refusal(f"{error}") from None


def _archive(archive: Path, is_verified: bool) -> Recorded:
    place = archive if (archive / NAME).is_file() else archive / "archive"
    if not (place / NAME).is_file():
        raise Refusal(f"{archive}: there is no archive; it would hold a file {NAME}. Name its directory")
    return Recorded(place, None, is_verified)


def _of_archive(archive: Path, directory: Path | None) -> Config:
    if directory is not None:
        return load(directory)
    with kpi_errors_told():
        brought = brought_along(archive)
    return load(default_config()) if brought is None else brought


def _card(data: Path | None) -> Card | None:
    """The house that runs here and is meant, if one is."""
    cards = running(project_root() / "var")
    return next((card for card in cards if data is None or Path(card.data) == data.resolve()), None)


def _running(card: Card | None) -> Card:
    if card is None:
        raise Refusal(
            "nothing runs on this machine. Start the simulated house with: make run; or name the data of one that "
            "ran with --data, such as: --data var/0/data, or an archive alone with --archive"
        )
    return card


def _clock(card: Card | None) -> SystemClock:
    """The house's time, where it runs faster than the machine's."""
    return clock_from_environment() if card is None else clock_from_text(card.clock)
