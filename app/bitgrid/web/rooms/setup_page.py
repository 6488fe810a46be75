"""What the room *First run* shows: its steps, what has been entered, what a scan found, what can be chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bitgrid.bus import ScanReport
from bitgrid.web.house import Cell
from bitgrid.web.setup_draft import HOUSE, LOAD, Draft, Entry, plain
from bitgrid.web.words import Words

Step = Literal["house", "devices", "load", "test", "signs", "done"]
STEPS: tuple[Step, ...] = ("house", "devices", "load", "test", "signs", "done")
MEASURED = ("pv_power_w", "grid_power_w", "battery_power_w")
"""What the kettle is judged by."""


class Asked(NamedTuple):
    """Something that is asked for, as it stands in the form."""

    entry: Entry
    label: str
    hint: str
    value: str
    problem: str


class Option(NamedTuple):
    """A choice in a list."""

    key: str
    label: str


class Found(NamedTuple):
    """Something that a scan found."""

    place: int | None
    label: str
    note: str


@dataclass(frozen=True)
class ScanPage:
    """How far a scan is, and what it found."""

    words: Words
    report: ScanReport | None

    @property
    def is_running(self) -> bool:
        """Whether more is to come."""
        return self.report is not None and not self.report.is_over

    @property
    def percent(self) -> int:
        """How far it is."""
        report = self.report
        return 0 if report is None or not report.of else 100 * report.asked // report.of

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries of site.yaml for what measures."""
        found = () if self.report is None else self.report.found
        return [dict(one["device"]) for one in found if isinstance(one.get("device"), dict)]

    @property
    def found(self) -> list[Found]:
        """All that was found; what measures can be chosen by its place among `entries`."""
        return list(self._found())

    def _found(self) -> Iterator[Found]:
        place = 0
        for one in () if self.report is None else self.report.found:
            label = f"{one.get('name', '')} · {one.get('host', '')}:{one.get('port', '')}"
            notes = [self.words.t("setup-asks-password")] if one.get("needs_password") else []
            if isinstance(device := one.get("device"), dict):
                signals = ", ".join(self.words.t(f"signal-{name}") for name in device.get("signals", []))
                yield Found(place, label, " ".join([signals, *notes]))
                place += 1
            else:
                kind = "miner" if one.get("miner") else "relay" if one.get("relay") else "other"
                yield Found(None, label, " ".join([self.words.t(f"setup-found-{kind}"), *notes]))


@dataclass(frozen=True)
class Choices:
    """Miners and relays that can be chosen, by the key they have in the form."""

    miners: dict[str, tuple[str, dict[str, Any] | None]]
    relays: dict[str, tuple[str, dict[str, Any] | None]]

    @classmethod
    def of(cls, standing: str, report: ScanReport | None, words: Words) -> Choices:
        """Those of site.yaml as it stands, and those that a scan found."""
        load = Entry("load", ("loads", 0)).of(plain(standing)) or {}
        found = () if report is None else report.found
        miners = [one for one in (load.get("miner"),) if one]
        miners += [{"driver": one["miner"], **_place(one)} for one in found if one.get("miner")]
        relays = [one for one in (load.get("relay"),) if one]
        relays += [{"kind": one["relay"], **_place(one)} for one in found if one.get("relay")]
        return cls(_keyed(miners, "driver", words), _keyed(relays, "kind", words))

    def miner(self, key: str) -> dict[str, Any] | None:
        """What was chosen; None: no miner."""
        return self.miners.get(key, ("", None))[1]

    def relay(self, key: str) -> dict[str, Any] | None:
        """What was chosen; None: no relay."""
        return self.relays.get(key, ("", None))[1]


@dataclass(frozen=True)
class SetupPage:
    """A step as it is shown.

    Args:
        step: which.
        words: what it is said in.
        text: site.yaml as it would be with what has been entered.
        draft: what has been entered.
        problems: what is wrong with it, by name.
        problem: what is wrong with it as a whole.
        report: of the last scan.
    """

    step: Step
    words: Words
    text: str
    draft: Draft
    problems: Mapping[str, str]
    problem: str
    report: ScanReport | None

    @property
    def steps(self) -> list[tuple[Step, str, bool]]:
        """Every step, its name, and whether it lies behind."""
        now = STEPS.index(self.step)
        return [(step, self.words.t(f"setup-step-{step}"), place < now) for place, step in enumerate(STEPS)]

    @property
    def scan(self) -> ScanPage:
        """What a scan found."""
        return ScanPage(self.words, self.report)

    @property
    def current(self) -> list[str]:
        """The devices of site.yaml, in words."""
        devices = Entry("devices", ("devices",)).of(plain(self.text)) or []
        return [f"{one.get('id')} · {one.get('host') or one.get('topic') or ''}" for one in devices]

    @property
    def choices(self) -> Choices:
        """Miners and relays."""
        return Choices.of(self.text, self.report, self.words)

    def asked(self, entered: Mapping[str, str] | None = None) -> list[Asked]:
        """What this step asks for."""
        document = plain(self.text)
        entries = HOUSE if self.step == "house" else LOAD if self.step == "load" else ()
        return [self._asked(one, document, entered or {}) for one in entries]

    def _asked(self, one: Entry, document: Any, entered: Mapping[str, str]) -> Asked:  # noqa: ANN401  YAML
        value = one.of(document)
        if one.name == "eco_w" and len(Entry("levels", ("loads", 0, "levels")).of(document) or []) < 2:  # noqa: PLR2004  two levels
            value = None
        shown = entered.get(one.name, "" if value is None else self._shown(value))
        label, hint = (self.words.t(f"setup-{one.name}{part}") for part in ("", "-hint"))
        return Asked(one, label, hint, shown, self.problems.get(one.name, ""))

    def _shown(self, value: object) -> str:
        text = str(value)
        is_number = isinstance(value, float | int)
        return text.replace(".", ",") if is_number and self.words.language == "de" else text

    def age(self, cell: Cell) -> str:
        """How old a live value is."""
        return "" if cell.age_s is None else self.words.t("age", age=self.words.figures.duration(cell.age_s))

    def power(self, name: str, watts: float) -> str:
        """A value with its unit."""
        return self.words.figures.value(name, watts)


def _place(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"host": found["host"], "port": found["port"]}


def _keyed(things: list[dict[str, Any]], name: str, words: Words) -> dict[str, tuple[str, dict[str, Any] | None]]:
    keyed: dict[str, tuple[str, dict[str, Any] | None]] = {}
    for one in things:
        key = f"{one[name]}@{one['host']}:{one.get('port', '')}"
        keyed.setdefault(key, (key.replace("@", " · "), one))
    return keyed | {"none": (words.t("setup-none"), None)}
