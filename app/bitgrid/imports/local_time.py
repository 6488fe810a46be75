"""Times as files write them, made into UTC: the hour that comes twice, and the hour that does not come at all."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from bitgrid.imports.errors import BadSource
from bitgrid.imports.mapping import TimeColumn
from bitgrid.imports.spans import Tally

TOLD_BY_ORDER = "in the hour that comes twice, told apart by their order"


class NoTime(ValueError):
    """A text is no time in the form that was announced."""


class TimeReader:
    """Times of a file, row by row.

    Args:
        how: form and zone.
        tally: where rows of the repeated hour are counted, and by the reader rows that are left out.
        is_falling: whether the newest row comes first.
    """

    def __init__(self, how: TimeColumn, tally: Tally, *, is_falling: bool = False) -> None:
        self._how, self.tally, self._is_falling = how, tally, is_falling
        self._zone: tzinfo = UTC if how.timezone == "UTC" else ZoneInfo(how.timezone)
        self._last_s: float | None = None

    def read(self, text: str, line: int) -> float:
        """UTC epoch seconds.

        Raises:
            NoTime: it cannot be read.
            BadSource: it cannot be in this zone, or may be one of two hours and the mapping refuses that.
        """
        if self._how.format in {"unix_s", "unix_ms"}:
            return self._unix(text)
        moment = self.parse(text)
        if moment.tzinfo is None:
            moment = self._placed(moment, line)
        self._last_s = moment.timestamp()
        return self._last_s

    def parse(self, text: str) -> datetime:
        """The time as written, with a zone only where it names its offset itself.

        Raises:
            NoTime: it cannot be read.
        """
        try:
            if self._how.format == "iso":
                return datetime.fromisoformat(text)
            if self._how.format in {"unix_s", "unix_ms"}:
                return datetime.fromtimestamp(self._unix(text), UTC)
            return datetime.strptime(text, self._how.format)  # noqa: DTZ007  the zone is put on afterwards
        except (ValueError, OverflowError, OSError):
            raise NoTime(text) from None

    def _unix(self, text: str) -> float:
        try:
            at_s = float(text) / (1000 if self._how.format == "unix_ms" else 1)
        except ValueError:
            raise NoTime(text) from None
        if not 0 < at_s < 1e11:  # noqa: PLR2004  the year 5138: what is beyond it are milliseconds
            raise NoTime(text)
        return at_s

    def _placed(self, naive: datetime, line: int) -> datetime:
        """In the mapping's zone."""
        first = naive.replace(tzinfo=self._zone)
        second = first.replace(fold=1)
        if first.utcoffset() == second.utcoffset():
            return first
        if first.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != naive:
            raise BadSource(
                f"line {line}: {naive} does not exist in {self._how.timezone}: clocks went forward over it. The "
                f"file is in another zone; many meters write winter time all year: try timezone: Etc/GMT-1, or UTC"
            )
        if self._how.repeated_hour == "refuse":
            raise BadSource(
                f"line {line}: {naive} comes twice in {self._how.timezone}, for clocks went back. If the rows are "
                f"in the order of time, write repeated_hour: in_order; if there is only one of each, the file is "
                f"in another zone, such as Etc/GMT-1 or UTC"
            )
        self.tally.add(TOLD_BY_ORDER)
        return self._by_order(first, second)

    def _by_order(self, first: datetime, second: datetime) -> datetime:
        """The one that goes on in the direction of the file."""
        last_s = self._last_s
        if self._is_falling:
            return second if last_s is None or second.timestamp() < last_s else first
        return first if last_s is None or first.timestamp() > last_s else second
