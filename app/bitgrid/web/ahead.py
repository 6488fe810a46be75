"""What the house goes by beyond its own meters: prices, worth and forecasts, each with its source and its age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bitgrid.web import sources
from bitgrid.web.house import Cell, Coming, House
from bitgrid.web.words import Words

PRICES = ("import_price_ct_kwh", "export_price_ct_kwh")
WORTH = ("sats_per_kwh", "hodl_ct_kwh")
FORECASTS = ("pv_forecast_w", "load_forecast_w")
_HOUR_S, _DAY_S = 3600, 86_400
_KILO = 1000


@dataclass(frozen=True)
class Outside:
    """A line: what, how much, by whom and how old. One that is old no rule goes by."""

    label: str
    text: str
    note: str
    is_old: bool


def lines(house: House, words: Words) -> list[Outside]:
    """All that is known."""
    return [*_prices(house, words), *_forecasts(house, words), *_worth(house, words)]


def _prices(house: House, words: Words) -> Iterator[Outside]:
    for name in PRICES:
        cell = house.signal(name)
        if cell.value is not None:
            yield _line(words.t(f"ahead-{name.removesuffix('_ct_kwh').replace('_', '-')}"), name, cell, words)


def _worth(house: House, words: Words) -> Iterator[Outside]:
    for load in house.load_ids:
        for name in WORTH:
            cell = house.signal(f"{load}.{name}")
            if cell.value is not None:
                label = words.t(f"ahead-{name.replace('_', '-')}", load=words.load(load))
                yield _line(label, name, cell, words)


def _line(label: str, name: str, cell: Cell, words: Words) -> Outside:
    note = _note(cell, words, is_dated=cell.source not in sources.UNDATED)
    return Outside(label, words.figures.value(name, cell.value or 0.0), note, not cell.is_live)


def _forecasts(house: House, words: Words) -> Iterator[Outside]:
    for name in FORECASTS:
        coming = house.coming(name)
        hour, day = (_energy_kwh(coming, span_s, house.block_s) for span_s in (_HOUR_S, _DAY_S))
        if hour is None:
            continue
        kind = name.removesuffix("_forecast_w")
        note = _note(coming, words, is_dated=True)
        yield Outside(words.t(f"ahead-{kind}-hour"), words.figures.kwh(hour), note, not coming.is_live)
        if day is not None:
            yield Outside(words.t(f"ahead-{kind}-day"), words.figures.kwh(day), "", not coming.is_live)


def _energy_kwh(coming: Coming, span_s: int, block_s: int) -> float | None:
    """Energy over a span from the block now running on; None where the forecast does not reach so far."""
    blocks = span_s // block_s
    if len(coming.values) < blocks:
        return None
    return sum(coming.values[:blocks]) * block_s / _HOUR_S / _KILO


def _note(told: Cell | Coming, words: Words, *, is_dated: bool) -> str:
    """By whom and how old; what the owner wrote down has no age while it holds."""
    source = sources.in_words(told.source, words)
    if not is_dated and told.is_live:
        return source
    age = words.t("age-unknown") if told.age_s is None else words.t("age", age=words.figures.duration(told.age_s))
    return words.t("ahead-note" if told.is_live else "ahead-note-old", source=source, age=age)
