"""The values that a what-if may set: what each is now, and between what it may be moved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bitgrid.config import Site
from bitgrid.kernel import EnergyState, to_people
from bitgrid.web.words import Words

WAS = ".was"
_PV_W, _LOAD_W = 10_000, 8_000
_LIMIT = 1e7


@dataclass(frozen=True)
class Slider:
    """A value to be moved, in the unit of its name.

    Args:
        name: the signal's.
        label: what people call it.
        unit: as it is written.
        low: where it ends to the left.
        high: where it ends to the right.
        step: between two places.
        was: what it is, as it is written in a form; empty where it is not known.
        text: what stands in the form; what a person has typed stays there.
        problem: what is wrong with it, in words; else empty.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    was: str
    text: str
    problem: str = ""


def sliders(state: EnergyState, load: str, site: Site, words: Words, typed: Mapping[str, str]) -> list[Slider]:
    """Those that the house measures; of a load, its own.

    Args:
        state: that was decided on.
        load: the load in question.
        site: for how much its roof may bring.
        words: in which language.
        typed: what stands in the form, by name.
    """
    return [
        _slider(name, unit, ends, _present(state, name), words, typed)
        for name, unit, ends in _choices(load, site)
        if _present(state, name) is not None or name in typed
    ]


def changed(typed: Mapping[str, str]) -> dict[str, float]:
    """What a person has moved away from what it was.

    Raises:
        ValueError: something is no number; it names the signal.
    """
    values = {}
    for name, text in typed.items():
        if name.endswith(WAS) or not text.strip() or text == typed.get(f"{name}{WAS}"):
            continue
        value = _number(text)
        if value is None:
            raise ValueError(name)
        values[name] = value
    return values


def _choices(load: str, site: Site) -> Iterator[tuple[str, str, tuple[float, float, float]]]:
    peak_w = sum(array.peak_w for array in site.pv) or _PV_W
    yield "pv_power_w", "W", (0, math.ceil(peak_w / 1000) * 1000, 50)
    yield "house_load_w", "W", (0, _LOAD_W, 50)
    yield "battery_soc_pct", "%", (0, 100, 0.5)
    yield "import_price_ct_kwh", "ct/kWh", (-20, 80, 0.5)
    yield f"{load}.temp_c", "°C", (0, 110, 0.5)


def _present(state: EnergyState, name: str) -> int | None:
    return state.house_load_w if name == "house_load_w" else state.good(name)


def _slider(  # noqa: PLR0913, PLR0917  the parts of a slider
    name: str,
    unit: str,
    ends: tuple[float, float, float],
    present: int | None,
    words: Words,
    typed: Mapping[str, str],
) -> Slider:
    was = "" if present is None else words.figures.plain(to_people(name, present))
    text = typed.get(name, was)
    value = _number(text)
    problem = words.t("whatif-no-number") if text.strip() and value is None else ""
    low, high, step = ends
    near = value if value is not None else low
    key = name.rpartition(".")[2] if "." in name else name
    return Slider(name, words.t(f"whatif-{key}"), unit, min(low, near), max(high, near), step, was, text, problem)


def _number(text: str) -> float | None:
    """A number as people write it, with a point or a comma."""
    try:
        value = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= _LIMIT else None
