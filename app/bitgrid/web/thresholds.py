"""The thresholds of bitgrid_rules.yaml as a form: read, checked, made into the file's new text. Writes nothing."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError
from ruamel.yaml import YAML

from bitgrid.config import Rules
from bitgrid.config.files import check
from bitgrid.config.yaml_source import read_yaml

FILE: Final = "bitgrid_rules.yaml"
SECTIONS = ("r1", "r2", "r3", "r4", "r5", "override", "clock")
_ORDER = re.compile(r"(\w+) must (not )?be below (\w+)")
Value = int | float | bool


@dataclass(frozen=True)
class Threshold:
    """One of them.

    Args:
        section: of the file, such as ``r1``.
        key: in that section; its unit is in its name.
        kind: what it is.
        low, high: least and most that it may be.
        is_above: ``low`` itself is too little.
    """

    section: str
    key: str
    kind: Literal["integer", "number", "boolean"]
    low: float | None = None
    high: float | None = None
    is_above: bool = False

    @property
    def name(self) -> str:
        """Its place in the file, and its name in the form."""
        return f"{self.section}.{self.key}"

    def of(self, rules: Rules) -> Value:
        """Its value in some rules."""
        value: Value = getattr(getattr(rules, self.section), self.key)
        return value

    def read(self, text: str) -> Value | None:
        """What a person has entered, with a comma or a point; None where it is no such value."""
        if self.kind == "boolean":
            return text == "yes"
        try:
            number = float(text.strip().replace(",", ".").replace("−", "-"))
        except ValueError:
            return None
        if self.kind == "integer":
            return int(number) if number.is_integer() else None
        return number

    def allows(self, value: Value) -> bool:
        """Whether it lies between its bounds; no number that is none does."""
        low, high = self.low, self.high
        is_enough = low is None or (value > low if self.is_above else value >= low)
        return is_enough and (high is None or value <= high)


def _thresholds() -> tuple[Threshold, ...]:
    schema = Rules.model_json_schema()
    parts = [(name, schema["properties"][name]) for name in SECTIONS]
    return tuple(
        _threshold(section, key, told)
        for section, part in parts
        for key, told in schema["$defs"][_reference(part)]["properties"].items()
    )


def _reference(part: Mapping[str, Any]) -> str:
    return str(part.get("$ref") or part["allOf"][0]["$ref"]).rsplit("/", 1)[1]


def _threshold(section: str, key: str, told: Mapping[str, Any]) -> Threshold:
    above = told.get("exclusiveMinimum")
    low = told.get("minimum") if above is None else above
    return Threshold(section, key, told["type"], low, told.get("maximum"), above is not None)


THRESHOLDS = _thresholds()


@dataclass(frozen=True)
class RulesFile:
    """The file as it stands: what it says, and its SHA-256."""

    rules: Rules
    text: str
    digest: str


@dataclass(frozen=True)
class Change:
    """A threshold and its two values."""

    threshold: Threshold
    old: Value
    new: Value


@dataclass(frozen=True)
class Proposal:
    """The file's new text, and of which file it was made."""

    text: str
    before: str
    rules: Rules
    changes: tuple[Change, ...]


@dataclass
class Problems:
    """What is wrong with what was entered: by threshold ``number`` or ``range``; two that stand in no order."""

    by_name: dict[str, Literal["number", "range"]] = field(default_factory=dict)
    order: tuple[str, str] | None = None
    may_be_equal: bool = False
    other: str = ""

    def __bool__(self) -> bool:
        return bool(self.by_name or self.order or self.other)


def read_rules(directory: Path) -> RulesFile:
    """The file in a directory.

    Raises:
        ConfigError: it cannot be read, or is not valid.
        OSError: it is gone in between.
    """
    path = directory / FILE
    raw = path.read_bytes()
    rules = check(read_yaml(path), Rules)
    return RulesFile(rules, raw.decode(), hashlib.sha256(raw).hexdigest())


def propose(file: RulesFile, entered: Mapping[str, str]) -> Proposal | Problems:
    """What a person wants to change; nothing may be wrong with any of it.

    Args:
        file: the file as it stands.
        entered: by a threshold's name what was entered; what is missing stays as it is. A box that is not ticked
            is not sent by a browser: it counts as not ticked where ``boxes`` is there.
    """
    values, problems = _values(file.rules, entered)
    if problems:
        return problems
    changes = tuple(
        Change(one, one.of(file.rules), values[one.name])
        for one in THRESHOLDS
        if values[one.name] != one.of(file.rules)
    )
    document = file.rules.model_dump(mode="json", by_alias=True)
    for change in changes:
        document[change.threshold.section][change.threshold.key] = change.new
    try:
        rules = Rules.model_validate(document)
    except ValidationError as error:
        return _out_of_order(error)
    return Proposal(_written(file.text, changes), file.digest, rules, changes)


def _values(rules: Rules, entered: Mapping[str, str]) -> tuple[dict[str, Value], Problems]:
    values, problems = dict[str, Value](), Problems()
    for one in THRESHOLDS:
        is_box = one.kind == "boolean" and "boxes" in entered
        text = entered.get(one.name, "" if is_box else None)
        value = one.of(rules) if text is None else one.read(text)
        if value is None:
            problems.by_name[one.name] = "number"
        elif not one.allows(value):
            problems.by_name[one.name] = "range"
        else:
            values[one.name] = value
    return values, problems


def _out_of_order(error: ValidationError) -> Problems:
    first = error.errors()[0]
    told = _ORDER.search(first["msg"])
    section = str(first["loc"][0]) if first["loc"] else ""
    if told is None:
        return Problems(other=first["msg"].removeprefix("Value error, "))
    return Problems(order=(f"{section}.{told[1]}", f"{section}.{told[3]}"), may_be_equal=told[2] is not None)


def _written(text: str, changes: tuple[Change, ...]) -> str:
    """The file with other values, its comments kept."""
    yaml, out = YAML(typ="rt"), io.StringIO()
    yaml.preserve_quotes, yaml.width = True, 10_000
    document = yaml.load(text)
    for change in changes:
        document.setdefault(change.threshold.section, {})[change.threshold.key] = change.new
    yaml.dump(document, out)
    return out.getvalue()
