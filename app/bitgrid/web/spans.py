"""The spans a person looks at: a day, a week, a month, a year of the house's calendar. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, get_args

from bitgrid.web.words import Words

Kind = Literal["day", "week", "month", "year"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_A_DAY = dt.timedelta(days=1)
_DATE_LENGTH = len("2025-05-01")
_EARLIEST = dt.date(2000, 1, 1)


@dataclass(frozen=True)
class Span:
    """A day, week, month or year.

    Args:
        kind: which of them.
        first: its first day.
        end: the day after its last.
    """

    kind: Kind
    first: dt.date
    end: dt.date

    @property
    def before(self) -> Span:
        """The one before."""
        return span_of(self.kind, self.first - _A_DAY)

    @property
    def after(self) -> Span:
        """The one after."""
        return span_of(self.kind, self.end)

    @property
    def month(self) -> str:
        """The month it begins in, as 2025-05."""
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        """What a file about it is called: 2025-06-16, 2025-W25, 2025-06, 2025."""
        if self.kind == "week":
            year, week, _day = self.first.isocalendar()
            return f"{year}-W{week:02}"
        return self.first.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.kind]]

    def title(self, words: Words) -> str:
        """What it is called by people."""
        last = self.end - _A_DAY
        return words.t(
            f"span-title-{self.kind}",
            weekday=words.t("span-weekday", n=self.first.isoweekday()),
            day=self.first.day,
            month=words.t("span-month", n=self.first.month),
            year=str(self.first.year),
            week=self.first.isocalendar().week,
            last_day=last.day,
            last_month=words.t("span-month", n=last.month),
        )


def span_of(kind: Kind, day: dt.date) -> Span:
    """The span of a kind that a day is in; weeks begin on Monday."""
    match kind:
        case "day":
            return Span(kind, day, day + _A_DAY)
        case "week":
            first = day - dt.timedelta(days=day.weekday())
            return Span(kind, first, first + dt.timedelta(days=7))
        case "month":
            first = day.replace(day=1)
            return Span(kind, first, (first + dt.timedelta(days=31)).replace(day=1))
        case "year":
            first = day.replace(month=1, day=1)
            return Span(kind, first, first.replace(year=first.year + 1))


def read_span(kind: str | None, day: str | None, today: dt.date) -> tuple[Span, bool]:
    """The span that a page was asked for, and whether that could be read; where not, today's day.

    A day that has not come yet is none: nothing can be told of it.
    """
    known = next((one for one in KINDS if one == (kind or "day")), None)
    try:
        at = today if day is None else dt.date.fromisoformat(day if len(day) == _DATE_LENGTH else "")
        if known is not None and _EARLIEST <= at <= today:
            return span_of(known, at), True
    except ValueError:
        pass
    return span_of(known or "day", today), False
