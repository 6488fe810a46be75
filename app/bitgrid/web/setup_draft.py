"""What a person has entered in the first run, until it is taken over: made into the new text of site.yaml.

Kept in memory alone; nothing is written here. What stands in site.yaml and is not asked for stays as it is.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from ruamel.yaml import YAML

from bitgrid.config import Site
from bitgrid.config.files import check
from bitgrid.config.load import NO_RELAY_SENTENCE
from bitgrid.config.yaml_source import read_yaml

FILE: Literal["site.yaml"] = "site.yaml"
Kind = Literal["text", "language", "number", "integer", "integer_or_none"]
FALL_BACK_W = 0.9
"""With so much of its power as surplus the highest level may start; the lowest wants all of it."""


@dataclass(frozen=True)
class Entry:
    """Something that is asked for: its name in the form, its place in site.yaml, and what it is."""

    name: str
    place: tuple[str | int, ...]
    kind: Kind = "number"
    unit: str = ""

    def read(self, text: str) -> Any:  # noqa: ANN401  whatever stands in site.yaml
        """What was entered, as it is written into the file.

        Raises:
            ValueError: it is nothing of the kind.
        """
        text = text.strip()
        if self.kind in {"text", "language"}:
            return text
        if self.kind == "integer_or_none" and not text:
            return None
        number = float(text.replace(",", ".").replace("−", "-"))
        return int(number) if self.kind != "number" and number.is_integer() else number

    def of(self, document: Any) -> Any:  # noqa: ANN401  whatever stands in site.yaml
        """What stands in a document; None where nothing does."""
        for key in self.place:
            try:
                document = document[key]
            except (KeyError, IndexError, TypeError):
                return None
        return document


HOUSE = (
    Entry("name", ("name",), "text"),
    Entry("language", ("language",), "language"),
    Entry("latitude", ("location", "latitude"), unit="°"),
    Entry("longitude", ("location", "longitude"), unit="°"),
    Entry("timezone", ("location", "timezone"), "text"),
    Entry("peak_w", ("pv", 0, "peak_w"), "integer", "W"),
    Entry("tilt_deg", ("pv", 0, "tilt_deg"), unit="°"),
    Entry("azimuth_deg", ("pv", 0, "azimuth_deg"), unit="°"),
    Entry("capacity_wh", ("battery", "capacity_wh"), "integer_or_none", "Wh"),
    Entry("import_ct_kwh", ("tariff", "import_ct_kwh"), unit="ct/kWh"),
    Entry("export_ct_kwh", ("tariff", "export_ct_kwh"), unit="ct/kWh"),
)
LOAD = (
    Entry("eco_w", ("loads", 0, "levels", 0, "power_w"), "integer_or_none", "W"),
    Entry("full_w", ("loads", 0, "levels", -1, "power_w"), "integer", "W"),
    Entry("joules_per_terahash", ("loads", 0, "joules_per_terahash"), unit="J/TH"),
)


@dataclass
class Draft:
    """What has been entered so far, step by step.

    Args:
        house: values by the name of their `Entry`.
        devices: entries of ``devices``; None: as they are.
        load: the one load; None: as it is.
    """

    house: dict[str, Any] = field(default_factory=dict)
    devices: list[dict[str, Any]] | None = None
    load: dict[str, Any] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been entered."""
        return not self.house and self.devices is None and self.load is None

    def text(self, standing: str) -> str:
        """The new text of site.yaml; comments stay where what they are about stays."""
        yaml, out = YAML(typ="rt"), io.StringIO()
        yaml.preserve_quotes, yaml.width = True, 10_000
        document = yaml.load(standing)
        for entry in HOUSE:
            if entry.name in self.house:
                _put(document, entry.place, self.house[entry.name])
        if self.devices is not None:
            document["devices"] = self.devices
        if self.load is not None:
            document["loads"] = [self.load]
        yaml.dump(document, out)
        return out.getvalue()


def plain(text: str) -> Any:  # noqa: ANN401  YAML may hold anything
    """A document as plain data."""
    return YAML(typ="safe", pure=True).load(text)


def checked(text: str) -> Site:
    """The site of a text, as far as it can be told without its devices' profiles.

    Raises:
        ConfigError: with every problem and its place.
    """
    with TemporaryDirectory(prefix="bitgrid-setup-") as directory:
        path = Path(directory) / FILE
        path.write_text(text, encoding="utf-8")
        return check(read_yaml(path), Site)


def load_of(
    values: Mapping[str, Any], miner: Mapping[str, Any] | None, relay: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The one load, of what was chosen and entered.

    Args:
        values: by the names of `LOAD`.
        miner: driver, host and port; None: whatever hangs on the relay.
        relay: kind, host and port; None: the owner accepts to go without.
    """
    load: dict[str, Any] = {"id": "miner" if miner is not None else "load", "priority": 1}
    if miner is not None:
        load["miner"] = dict(miner)
        load["joules_per_terahash"] = values["joules_per_terahash"]
    if relay is not None:
        load["relay"] = dict(relay)
    else:
        load["accept_no_relay"] = NO_RELAY_SENTENCE
    return load | {"levels": _levels(values)}


def _levels(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    full_w, eco_w = values["full_w"], values.get("eco_w")
    if eco_w is None:
        return [{"name": "full", "power_w": full_w, "min_surplus_w": full_w}]
    most = max(eco_w + 1, round(full_w * FALL_BACK_W))
    return [
        {"name": "eco", "power_w": eco_w, "min_surplus_w": eco_w},
        {"name": "full", "power_w": full_w, "min_surplus_w": most},
    ]


def turned(text: str, lines: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The text of site.yaml with other ``invert_sign`` lists, by device."""
    yaml, out = YAML(typ="rt"), io.StringIO()
    yaml.preserve_quotes, yaml.width = True, 10_000
    document = yaml.load(text)
    for device in document["devices"]:
        for name, inverted in lines:
            if device["id"] == name:
                device["invert_sign"] = list(inverted)
    yaml.dump(document, out)
    return out.getvalue()


def _put(document: Any, place: Sequence[str | int], value: Any) -> None:  # noqa: ANN401  as above
    """Set a value at its place, making what leads there; None takes the last section away."""
    if value is None:
        document.pop(place[0], None)
        return
    for key, following in pairwise(place):
        if isinstance(key, str):
            document = document.setdefault(key, [] if isinstance(following, int) else {})
        else:
            if not document:
                document.append({})
            document = document[key]
    document[place[-1]] = value
