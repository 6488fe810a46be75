"""A proposal of MAP.yaml: which entity may be which signal, by the energy dashboard, else by unit, class and name.

It is written for the owner to read. Where more than one could be meant, all are listed and none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bitgrid.imports.home_assistant.database import Recorder
from bitgrid.imports.home_assistant.energy import Known
from bitgrid.imports.quantities import ENERGY_UNITS, POWER_UNITS, Kind, Signal

_MOST_LISTED = 12


class Candidate(NamedTuple):
    """An entity that measures a power, an energy or a share."""

    entity: str
    name: str
    unit: str
    device_class: str

    @property
    def words(self) -> str:
        """What its names say, in lower case."""
        return f"{self.entity} {self.name}".lower()


@dataclass(frozen=True)
class _Role:
    """What an entity must be like to be a part of a signal."""

    signal: Signal
    kind: Kind
    says: str
    says_not: str = r"forecast|prognose|tomorrow|remaining|cost|kosten|price|preis"
    invert_sign: bool = False

    def fits(self, candidate: Candidate) -> bool:
        units = {"power": POWER_UNITS, "counter": ENERGY_UNITS}.get(self.kind, {"%": 1.0})
        return (
            candidate.unit in units
            and re.search(self.says, candidate.words) is not None
            and re.search(self.says_not, candidate.words) is None
        )


_STORE = r"batter|akku|speicher|powerwall"
_SUN = r"\bpv|_pv|solar|photovolt|inverter|wechselrichter|erzeug|ertrag|yield"
_NOT_SUN = rf"forecast|prognose|tomorrow|remaining|{_STORE}|grid|netz|einspeis|export|bezug|import|tariff|cost"
_IN, _OUT = (
    r"import|bezug|from_grid|grid_consum|grid_in\b",
    r"export|einspeis|feed_?in|to_grid|grid_return|grid_out\b",
)
_WAYS: tuple[tuple[_Role, ...], ...] = (
    (_Role("pv_power_w", "counter", _SUN, _NOT_SUN),),
    (_Role("pv_power_w", "power", _SUN, _NOT_SUN),),
    (
        _Role("grid_power_w", "counter", _IN, rf"forecast|cost|kosten|{_STORE}"),
        _Role("grid_power_w", "counter", _OUT, rf"forecast|cost|kosten|{_STORE}", invert_sign=True),
    ),
    (_Role("grid_power_w", "power", r"grid|netz|mains|smart_?meter", rf"{_IN}|{_OUT}|{_STORE}"),),
    (
        _Role("battery_power_w", "counter", rf"(?:{_STORE}).*(?:charge|lad)", r"dischar|entlad"),
        _Role("battery_power_w", "counter", rf"(?:{_STORE}).*(?:dischar|entlad)", invert_sign=True),
    ),
    (_Role("battery_power_w", "power", _STORE, r"charge|lad"),),
    (
        _Role(
            "battery_soc_pct",
            "level",
            rf"{_STORE}|\bsoc|_soc|state_of_charge|ladestand",
            r"phone|watch|sensor_batt|health",
        ),
    ),
    (_Role("house_load_w", "counter", r"house|home|haus|household", rf"{_SUN}|{_STORE}|{_IN}|{_OUT}|cost"),),
    (_Role("house_load_w", "power", r"house|home|haus|household", rf"{_SUN}|{_STORE}|{_IN}|{_OUT}|cost"),),
)
"""The ways in which a signal can be told, the better one first: counters miss nothing between two readings."""
_OPTIONAL: frozenset[Signal] = frozenset({"battery_power_w", "battery_soc_pct", "house_load_w"})


def candidates(recorder: Recorder) -> list[Candidate]:
    """Every sensor of a power, an energy or a share."""
    found = []
    for entity in recorder.entities:
        told = recorder.last_attributes(entity)
        unit = told.get("unit_of_measurement") or recorder.statistic_unit(entity)
        if unit in POWER_UNITS or unit in ENERGY_UNITS or (unit == "%" and told.get("device_class") == "battery"):
            name, kind = told.get("friendly_name") or "", told.get("device_class") or ""
            found.append(Candidate(entity, str(name), str(unit), str(kind)))
    return found


def proposal(recorder: Recorder, dashboard: list[Known]) -> str:
    """The text of a mapping file."""
    found = candidates(recorder)
    lines = [
        "# Which entity of Home Assistant is which signal; a proposal. Look at every line, then import by it:",
        "# bitgrid import home-assistant FILE.db --map THIS_FILE. Every key is explained in docs/import.md.",
        "# Grid import and charging count positive; what counts the other way has invert_sign: true.",
        "schema: 1",
        "source: home-assistant",
        "signals:",
    ]
    for signal in dict.fromkeys(role.signal for way in _WAYS for role in way):
        known = [each for each in dashboard if each.signal == signal]
        lines += _of_dashboard(signal, known, recorder) if known else _of_names(signal, found)
    return "\n".join(lines) + "\n"


def _of_dashboard(signal: Signal, known: list[Known], recorder: Recorder) -> Iterator[str]:
    yield f"  {signal}:  # as the energy dashboard has it"
    for each in known:
        unit = recorder.statistic_unit(each.entity) or "kWh"
        yield _line(each.entity, "counter", unit, invert_sign=each.invert_sign)


def _of_names(signal: Signal, found: list[Candidate]) -> Iterator[str]:
    """The one way in which each role has one candidate; else all candidates, none of them taken."""
    ways = [
        [(role, [each for each in found if role.fits(each)]) for role in way]
        for way in _WAYS
        if way[0].signal == signal
    ]
    for way in ways:
        if all(len(fitting) == 1 for _, fitting in way):
            yield f"  {signal}:  # the only one that looks like it"
            for role, fitting in way:
                yield _line(fitting[0].entity, role.kind, fitting[0].unit, invert_sign=role.invert_sign)
            return
    listed = [(role, each) for way in ways for role, fitting in way for each in fitting]
    need = "leave it out where there is none" if signal in _OPTIONAL else "needed"
    if not listed:
        yield f"  # {signal}:  # nothing looks like it; {need}"
        return
    yield f"  # {signal}:  # CHOOSE: several look like it, and none was taken; {need}"
    for role, each in listed[:_MOST_LISTED]:
        yield _line(each.entity, role.kind, each.unit, invert_sign=role.invert_sign).replace("    -", "  #   -")
    if len(listed) > _MOST_LISTED:
        yield f"  #   and {len(listed) - _MOST_LISTED} more"


def _line(entity: str, kind: Kind, unit: str, *, invert_sign: bool) -> str:
    turned = ", invert_sign: true" if invert_sign else ""
    return f"    - {{entity: '{entity}', kind: {kind}, unit: '{unit}'{turned}}}"
