"""What the room *Rules* shows, ready to be put into its templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bitgrid.config import Rules
from bitgrid.web.house import House
from bitgrid.web.jobs import Job
from bitgrid.web.thresholds import SECTIONS, THRESHOLDS, Problems, Proposal, Threshold, Value
from bitgrid.web.words import UNKNOWN, Words

_UNITS = {
    "_ct_kwh": "ct/kWh",
    "_wh": "Wh",
    "_pct": "%",
    "_c": "°C",
    "_w": "W",
    "_s": "s",
    "_min": "min",
    "_h": "h",
}
_COMPARED = (
    ("mined_kwh", "kWh", 1),
    ("surplus_used_pct", "%", 1),
    ("import_kwh", "kWh", 1),
    ("export_kwh", "kWh", 1),
    ("autarky_pct", "%", 1),
    ("soc_end_pct", "%", 1),
    ("starts", "", 0),
    ("switches", "", 0),
    ("gain_eur", "€", 2),
)


class Row(NamedTuple):
    """A threshold in the form: its names, its value, its bounds, and what is wrong with what was entered."""

    threshold: Threshold
    label: str
    meaning: str
    value: str
    unit: str
    bounds: str
    problem: str


class Compared(NamedTuple):
    """A figure by the rules in force, by the others, and the difference."""

    label: str
    before: str
    after: str
    difference: str


@dataclass(frozen=True)
class RulesPage:
    """The room as it is shown.

    Args:
        rules: as the file says.
        words: what it is said in.
        entered: what a person has entered, by a threshold's name.
        problems: what is wrong with that.
        house: what is heard of the house.
        is_same: what was entered changes nothing.
    """

    rules: Rules
    words: Words
    entered: Mapping[str, str]
    problems: Problems
    house: House
    is_same: bool = False

    @property
    def sections(self) -> list[tuple[str, list[Row]]]:
        """The thresholds of each section."""
        return [(name, [self._row(one) for one in THRESHOLDS if one.section == name]) for name in SECTIONS]

    @property
    def order(self) -> str:
        """Which two values stand in no order; empty where all do."""
        if self.problems.order is None:
            return self.problems.other
        lower, higher = (_label(name, self.words) for name in self.problems.order)
        key = "rules-order-equal" if self.problems.may_be_equal else "rules-order"
        return self.words.t(key, first=lower, second=higher)

    @property
    def config_hash(self) -> str:
        """The hash of the configuration that the rules go by now; empty where they do not tell."""
        energy = self.house.energy
        return energy.message.config_hash if energy is not None and self.house.is_live(energy) else ""

    def _row(self, one: Threshold) -> Row:
        words = self.words
        value = self.entered.get(one.name, as_entered(one.of(self.rules), words))
        kind = self.problems.by_name.get(one.name)
        problem = "" if kind is None else words.t(f"rules-bad-{kind}", bounds=_bounds(one, words))
        meaning = words.t(f"threshold-{one.section}-{one.key}-meaning")
        return Row(one, _label(one.name, words), meaning, value, _unit(one, words), _bounds(one, words), problem)


@dataclass(frozen=True)
class EffectPage:
    """A change and what it would have changed.

    Args:
        job: the simulation.
        words: what it is said in.
        refusal: why the change was not applied, where it was to be.
    """

    job: Job
    words: Words
    refusal: str = ""

    @property
    def changes(self) -> list[Compared]:
        """Each threshold that is changed."""
        proposal = self.job.about
        told = proposal.changes if isinstance(proposal, Proposal) else ()
        return [
            Compared(
                _label(change.threshold.name, self.words),
                _with_unit(change.threshold, change.old, self.words),
                _with_unit(change.threshold, change.new, self.words),
                "",
            )
            for change in told
        ]

    @property
    def compared(self) -> list[Compared]:
        """What the two came to, side by side."""
        told = self._told
        return list(self._rows(told["before"], told["after"])) if told else []

    @property
    def notes(self) -> list[str]:
        """What must be known to read it."""
        told, words = self._told, self.words
        if not told:
            return []
        begin, end = words.figures.moment(told["from_s"], 0), words.figures.moment(told["to_s"], 0)
        notes = [words.t("effect-period", begin=begin, end=end)]
        if told["gap_blocks"]:
            notes.append(words.t("effect-gaps", gaps=told["gap_blocks"], blocks=told["blocks"]))
        worth = told["worth_ct_kwh"]
        value = None if worth is None else words.figures.value("worth_ct_kwh", worth)
        notes.append(words.t("effect-worthless") if value is None else words.t("effect-worth", worth=value))
        return notes

    @property
    def _told(self) -> dict[str, Any]:
        return json.loads(self.job.result) if self.job.state == "done" else {}

    def _rows(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Compared]:
        for name, unit, decimals in _COMPARED:
            pair = before[name], after[name]
            known = [self._figure(value, unit, decimals) for value in pair]
            gap = "" if None in pair else self._signed(round(pair[1] - pair[0], decimals), unit, decimals)
            yield Compared(self.words.t(f"effect-{name}"), known[0], known[1], gap)

    def _figure(self, value: float | None, unit: str, decimals: int) -> str:
        if value is None:
            return UNKNOWN
        return f"{self.words.figures.number(value, decimals)}\u00a0{unit}".rstrip()

    def _signed(self, gap: float, unit: str, decimals: int) -> str:
        sign = "+" if gap > 0 else "±" if gap == 0 else ""
        return sign + self._figure(gap, unit, decimals)


def as_entered(value: Value, words: Words) -> str:
    """A value as it stands in the form."""
    if isinstance(value, bool):
        return "yes" if value else ""
    text = str(int(value)) if float(value).is_integer() else str(value)
    return text.replace(".", ",") if words.language == "de" else text


def _label(name: str, words: Words) -> str:
    return words.t(f"threshold-{name.replace('.', '-')}")


def _unit(one: Threshold, words: Words) -> str:
    if one.kind == "boolean":
        return ""
    if one.key.endswith("_blocks"):
        return words.t("unit-blocks")
    return next((unit for ending, unit in _UNITS.items() if one.key.endswith(ending)), "")


def _with_unit(one: Threshold, value: Value, words: Words) -> str:
    if isinstance(value, bool):
        return words.t("yes") if value else words.t("no")
    return f"{words.figures.number(value, 2)}\u00a0{_unit(one, words)}".rstrip()


def _bounds(one: Threshold, words: Words) -> str:
    if one.low is None or one.high is None:
        return ""
    low, high = (words.figures.number(bound, 2) for bound in (one.low, one.high))
    return words.t("rules-above-to" if one.is_above else "rules-from-to", low=low, high=high)
