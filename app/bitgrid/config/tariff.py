"""The tariff of site.yaml: what a kilowatt hour costs and earns, and where its changing price comes from."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from bitgrid.config.schema import Identifier, Model, PriceCtKwh

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = tuple(range(1, 13))
DAY_MIN = 24 * 60
MAX_SURCHARGES = 20


def _local_time(text: str) -> str:
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", text) is None:
        raise ValueError('write a local time from "00:00" to "24:00"')
    return text


LocalTime = Annotated[str, AfterValidator(_local_time)]
SourceName = Literal["energy_charts", "awattar", "tibber", "entsoe"]
Zone = Literal["AT", "BE", "DE-LU", "EE", "ES", "FI", "FR", "LT", "LV", "NL", "PT", "SI", "SK"]
"""Bidding zones whose currency is the euro; Italy's have prices of their own for each part of the country."""
WITH_TOKEN = frozenset({"tibber", "entsoe"})
AWATTAR_ZONES = frozenset({"AT", "DE-LU"})


class Cell(NamedTuple):
    """Part of a kind of day: minutes of local time from ``begins_min`` on and before ``ends_min``."""

    month: int
    weekday: int
    begins_min: int
    ends_min: int


class TimeWindow(Model):
    """A time at which a kWh from the grid costs something else."""

    from_: LocalTime = Field(alias="from", description="Local time at which it begins, as in `22:00`.")
    to: LocalTime = Field(description="Local time at which it ends; before `from` it ends on the next day.")
    days: Annotated[list[Weekday], Field(min_length=1)] = Field(
        default=list(WEEKDAYS), description="Days on which it begins; by default all."
    )
    months: Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1)] = Field(
        default=list(MONTHS), description="Months in which it begins; by default all."
    )
    import_ct_kwh: PriceCtKwh = Field(description="What a kWh from the grid costs then, gross.")

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.begins_min % DAY_MIN == self.ends_min % DAY_MIN and self.ends_min - self.begins_min != DAY_MIN:
            raise ValueError("a window that ends when it begins is none; the whole day is 00:00 to 24:00")
        return self

    @property
    def begins_min(self) -> int:
        """Minutes after local midnight."""
        return _minutes(self.from_)

    @property
    def ends_min(self) -> int:
        """Minutes after local midnight, of the next day where it is before `begins_min`."""
        return _minutes(self.to)

    def holds(self, month: int, weekday: int, minute: int) -> bool:
        """Whether it has begun on a day of that kind and still holds, ``minute`` minutes after local midnight."""
        if month not in self.months or WEEKDAYS[weekday] not in self.days:
            return False
        return self.begins_min <= minute and (self.is_over_midnight or minute < self.ends_min)

    def holds_from_yesterday(self, month: int, weekday: int, minute: int) -> bool:
        """Whether it still holds after midnight, having begun the day before, which was of that kind."""
        if month not in self.months or WEEKDAYS[weekday] not in self.days:
            return False
        return self.is_over_midnight and minute < self.ends_min

    @property
    def is_over_midnight(self) -> bool:
        """Whether it ends on the day after."""
        return self.ends_min < self.begins_min

    def cells(self) -> Iterator[Cell]:
        """Every kind of day it can fall on; a morning after the month's last day is of the next month."""
        for month, name in itertools.product(self.months, self.days):
            weekday, ends_min = WEEKDAYS.index(name), self.ends_min
            yield Cell(month, weekday, self.begins_min, DAY_MIN if self.is_over_midnight else ends_min)
            if self.is_over_midnight and ends_min:
                morning = (weekday + 1) % 7
                yield Cell(month, morning, 0, ends_min)
                yield Cell(month % 12 + 1, morning, 0, ends_min)


class DayAhead(Model):
    """Prices of the day-ahead auction, by the quarter hour or the hour, and what a supplier makes of them.

    A kWh costs (market price + markup_pct of its amount + surcharges) × (1 + vat_pct / 100).
    """

    source: SourceName = Field(
        description="Who is asked: `energy_charts` and `awattar` without an account, `tibber` and `entsoe` with a "
        "token."
    )
    zone: Zone = Field(default="DE-LU", description="Bidding zone; `awattar` knows `DE-LU` and `AT`.")
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with the token of `tibber` or `entsoe`."
    )
    for_import: bool = Field(
        default=True, description="Whether it makes the price of a kWh bought; false: of the feed-in alone."
    )
    surcharges_ct_kwh: dict[Identifier, PriceCtKwh] = Field(
        default={}, description="What comes on top of each kWh, net, each by a name of your own; grid fee, levies."
    )
    markup_pct: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.0,
        description="The supplier's share, of the market price's amount: it costs where that is negative, too.",
    )
    vat_pct: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.0, description="Value added tax on all of it; 19 in Germany."
    )

    @field_validator("surcharges_ct_kwh")
    @classmethod
    def _are_few(cls, surcharges: dict[str, float]) -> dict[str, float]:
        if len(surcharges) > MAX_SURCHARGES:
            raise ValueError(f"more than {MAX_SURCHARGES} surcharges; add some of them up")
        return surcharges

    @model_validator(mode="after")
    def _has_what_its_source_needs(self) -> Self:
        if self.source in WITH_TOKEN and self.secret is None:
            raise ValueError(f"{self.source} answers to a token alone: name its file in secret")
        if self.source not in WITH_TOKEN and self.secret is not None:
            raise ValueError(f"{self.source} asks for no token; leave secret out")
        if self.source == "awattar" and self.zone not in AWATTAR_ZONES:
            raise ValueError("awattar knows the zones DE-LU and AT alone; energy_charts knows the others")
        if not (self.surcharges_ct_kwh or self.markup_pct or self.vat_pct):
            return self
        if not self.for_import:
            raise ValueError(
                "surcharges_ct_kwh, markup_pct and vat_pct are of what is bought; with for_import: false "
                "leave them out"
            )
        if self.tells_gross:
            raise ValueError(
                "tibber tells what a kWh costs with everything in it; leave surcharges_ct_kwh, markup_pct and "
                "vat_pct out"
            )
        return self

    @property
    def tells_gross(self) -> bool:
        """Whether the source is the supplier itself, who tells the whole price."""
        return self.source == "tibber"


class ExportTariff(Model):
    """What a kWh sold earns, where that is not one price for ever."""

    kind: Literal["fixed", "day_ahead"] = Field(
        default="fixed", description="`fixed`: export_ct_kwh; `day_ahead`: the market's price, less the fee."
    )
    fee_ct_kwh: PriceCtKwh = Field(default=0.0, description="What whoever sells it at the market keeps of a kWh.")
    unpaid_when_negative: Literal["never", "quarter_hour", "hour"] = Field(
        default="never",
        description="Whether nothing is paid while the market's price is negative (§51 EEG): in each "
        "`quarter_hour`, or each clock `hour` by its mean. docs/prices.md says whose.",
    )

    @model_validator(mode="after")
    def _fee_has_a_use(self) -> Self:
        if self.kind == "fixed" and self.fee_ct_kwh:
            raise ValueError("a fee is kept of the market's price alone: kind must be day_ahead")
        return self

    @property
    def needs_market(self) -> bool:
        """Whether it changes with the market's price."""
        return self.kind == "day_ahead" or self.unpaid_when_negative != "never"


class Tariff(Model):
    """Prices; the two fixed ones, gross, hold wherever no other is known."""

    import_ct_kwh: PriceCtKwh = Field(description="What a kWh from the grid costs.")
    export_ct_kwh: PriceCtKwh = Field(description="What a kWh sold earns.")
    time_of_use: Annotated[list[TimeWindow], Field(min_length=1, max_length=50)] | None = Field(
        default=None, description="Times of another price; between them `import_ct_kwh` holds."
    )
    day_ahead: DayAhead | None = None
    export: ExportTariff = ExportTariff()

    @model_validator(mode="after")
    def _one_import_price(self) -> Self:
        if self.time_of_use is not None and self.day_ahead is not None and self.day_ahead.for_import:
            raise ValueError(
                "time_of_use and day_ahead both make the price of a kWh bought; leave one out, or, where the "
                "market's price is for the feed-in alone, say for_import: false"
            )
        return self

    @model_validator(mode="after")
    def _export_has_its_market(self) -> Self:
        if self.export.needs_market and self.day_ahead is None:
            raise ValueError(
                "export changes with the market's price: say in day_ahead whom to ask for it "
                "(with for_import: false if a kWh bought has a price of its own)"
            )
        if self.day_ahead is not None and not self.day_ahead.for_import and not self.export.needs_market:
            raise ValueError("day_ahead is asked for nothing: neither import nor export uses its prices")
        return self

    @model_validator(mode="after")
    def _windows_are_apart(self) -> Self:
        windows = [list(window.cells()) for window in self.time_of_use or []]
        for (first, cells), (second, others) in itertools.combinations(enumerate(windows, start=1), 2):
            if any(_overlap(cell, other) for cell, other in itertools.product(cells, others)):
                raise ValueError(f"windows {first} and {second} of time_of_use overlap; a time has one price")
        return self


def _overlap(one: Cell, other: Cell) -> bool:
    same_kind = one[:2] == other[:2]
    return same_kind and one.begins_min < other.ends_min and other.begins_min < one.ends_min


def _minutes(local_time: str) -> int:
    hours, minutes = local_time.split(":")
    return int(hours) * 60 + int(minutes)
