"""What the room *Devices* shows: each device and load with its values, how it is, and what is wrong, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bitgrid.bus import Quality
from bitgrid.config import Config, DeviceConfig, LoadConfig
from bitgrid.web.asking import Outcome
from bitgrid.web.house import House
from bitgrid.web.readings import Reading, Readings
from bitgrid.web.words import UNKNOWN, Words

Kind = Literal["ok", "warn", "error", "silent", "unknown"]
_BATTERY = {"battery_power_w", "battery_soc_pct"}
_FEW_POLLS = 3


class Shown(NamedTuple):
    """A value in the table; ``note`` is its age and what else there is to know."""

    label: str
    value: str
    note: str
    is_old: bool


@dataclass(frozen=True)
class Card:
    """A device or load.

    Args:
        id: as in site.yaml.
        name: for people.
        where: how and where it is reached.
        kind: how it is.
        headline: the same in a sentence.
        advice: what to do; empty where nothing is wrong.
        said: its last error, as its driver puts it.
        rows: its values.
        notes: what else an owner must know of it.
    """

    id: str
    name: str
    where: str
    kind: Kind
    headline: str
    advice: str
    said: str
    rows: list[Shown]
    notes: list[str]


class Look(NamedTuple):
    """What came of a test: in a sentence, the figures, and what the driver said."""

    kind: str
    text: str
    rows: list[Shown]
    said: str


@dataclass(frozen=True)
class DevicesPage:
    """The room.

    Args:
        config: the house.
        house: what is heard of it.
        readings: what its devices tell.
        words: what it is said in.
        looks: what came of a test, by device.
    """

    config: Config
    house: House
    readings: Readings
    words: Words
    looks: Mapping[str, Look]

    @property
    def cards(self) -> list[Card]:
        """Every device, then every load."""
        site = self.config.site
        return [*map(self._device, site.devices), *map(self._load, site.loads)]

    def _device(self, device: DeviceConfig) -> Card:
        words, told = self.words, self._told("poller", device.id)
        kind, state = _state_of_device(device, told)
        age_s = None if told is None else told.get("answer_age_s")
        figures = {} if not isinstance(age_s, int | float) else {"age": words.figures.duration(age_s)}
        headline = words.t(f"device-{state}", **({"age": words.t("age-never")} | figures))
        advice = "" if kind == "ok" else words.t(f"device-{state}-advice", where=_address(device))
        said = "" if told is None else str(told.get("problem", ""))
        name = words.t(f"device-role-{role(device)}")
        return Card(device.id, name, _where(device), kind, headline, advice, said, self._rows(device.id), [])

    def _load(self, load: LoadConfig) -> Card:
        words, told = self.words, self._told("loads", load.id)
        heard = self.house.loads.get(load.id)
        trip = heard.message.trip if heard is not None and self.house.is_live(heard) else None
        said = trip or ("" if told is None else str(told.get("last_error") or ""))
        kind, state = _state_of_load(told, trip)
        advice = "" if kind == "ok" else words.t(f"load-{state}-advice")
        notes = [] if load.relay is not None else [words.t("load-no-relay")]
        rows = self._rows(load.id)
        return Card(
            load.id,
            words.load(load.id),
            _where_of_load(load),
            kind,
            words.t(f"load-{state}"),
            advice,
            said,
            rows,
            notes,
        )

    def _told(self, component: str, name: str) -> dict[str, Any] | None:
        """What a process tells of a device in its health; None where it is silent."""
        heard = self.house.health.get(component)
        if heard is None or not self.house.is_live(heard):
            return None
        told = heard.message.details.get(name)
        if not isinstance(told, dict):
            return None
        age_s = told.get("answer_age_s")
        if isinstance(age_s, int | float):
            told = told | {"answer_age_s": age_s + (self.house.age_s(heard) or 0.0)}
        return told

    def _rows(self, name: str) -> list[Shown]:
        return [shown(reading, self.words) for reading in self.readings.of(name)]


def role(device: DeviceConfig) -> str:
    """What it is for: by what it measures."""
    signals = set(device.signals)
    has_battery = bool(_BATTERY & signals)
    if "pv_power_w" in signals:
        return "hybrid" if has_battery else "inverter"
    if has_battery:
        return "battery"
    if "grid_power_w" in signals:
        return "meter"
    return "house" if "house_load_w" in signals else "contact"


def shown(reading: Reading, words: Words) -> Shown:
    """A value with its age; one that is not live is no number."""
    label, cell = words.t(f"signal-{reading.name}"), reading.cell
    if cell.value is None:
        return Shown(label, UNKNOWN, words.t(f"quality-{reading.quality.value}"), is_old=True)
    age = words.t("age-unknown") if cell.age_s is None else words.t("age", age=words.figures.duration(cell.age_s))
    if reading.quality is not Quality.GOOD:
        return Shown(label, UNKNOWN, f"{words.t(f'quality-{reading.quality.value}')}, {age}", is_old=True)
    return Shown(
        label, _value(reading.name, cell.value, words) if cell.is_live else UNKNOWN, age, not cell.is_live
    )


def look_of(outcome: Outcome, words: Words) -> Look:
    """What came of a test."""
    reply = outcome.reply
    if reply is None or not reply.accepted:
        key = "busy" if reply is not None and reply.code == "BUSY" else outcome.status
        return Look("refused", words.t(f"look-{key}"), [], "" if reply is None else reply.text)
    told = [line for line in reply.details.get("lines", []) if isinstance(line, dict)]
    rows = [_line(line, words) for line in told]
    if not rows:
        return Look("refused", words.t("look-silent"), [], reply.text)
    if reply.text and any(line.get("name") == "is_closed" and line.get("value") is False for line in told):
        return Look("partly", words.t("look-unpowered"), rows, reply.text)
    if reply.text:
        return Look("partly", words.t("look-partly"), rows, reply.text)
    return Look("accepted", words.t("look-well"), rows, "")


def _line(line: Mapping[str, Any], words: Words) -> Shown:
    name, value, age_s = str(line.get("name")), line.get("value"), line.get("age_s")
    quality = str(line.get("quality"))
    old = (
        words.t("age", age=words.figures.duration(age_s)) if isinstance(age_s, int | float) and age_s >= 1 else ""
    )
    doubt = "" if quality == "good" else words.t(f"quality-{quality}")
    figure = _value(name, value, words) if isinstance(value, int | float) else UNKNOWN
    return Shown(words.t(f"signal-{name}"), figure, ", ".join(filter(None, (doubt, old))), bool(doubt))


def _value(name: str, value: float, words: Words) -> str:
    if isinstance(value, bool) or name == "emergency_stop":
        return words.t("yes") if value else words.t("no")
    return words.figures.value(name, value)


def _state_of_device(device: DeviceConfig, told: Mapping[str, Any] | None) -> tuple[Kind, str]:
    """How it is, and under which name that is said."""
    if told is None:
        return "unknown", "unknown"
    age_s, trouble = told.get("answer_age_s"), told.get("trouble") or []
    if age_s is None:
        return "silent", "never"
    if "silent" in trouble or age_s > _FEW_POLLS * device.poll_interval_s + 60:
        return "error", "silent"
    first = next((one for one in ("frozen", "invalid", "untold") if one in trouble), "")
    return ("warn", first) if first else ("ok", "ok")


def _state_of_load(told: Mapping[str, Any] | None, trip: str | None) -> tuple[Kind, str]:
    if trip:
        return "error", "tripped"
    if told is None:
        return "unknown", "unknown"
    return ("warn", "error") if told.get("last_error") else ("ok", "ok")


def _address(device: DeviceConfig) -> str:
    if device.host is not None:
        return f"{device.host}:{device.port or 502}"
    return device.topic or (device.gpio.chip if device.gpio is not None else device.id)


def _where(device: DeviceConfig) -> str:
    way = {"sunspec": "SunSpec", "gpio": "GPIO"}.get(device.kind, device.profile or "")
    return f"{way} · {_address(device)}"


def _where_of_load(load: LoadConfig) -> str:
    parts = []
    if load.miner is not None:
        parts.append(f"{load.miner.driver} · {load.miner.host}:{load.miner.port}")
    if load.relay is not None:
        parts.append(f"{load.relay.kind} · {load.relay.host}:{load.relay.port}")
    return ", ".join(parts)
