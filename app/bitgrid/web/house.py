"""The house at one moment, as a page may show it: what is live, what is old, and how old."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bitgrid.bus import (
    EnergyStateMessage,
    Health,
    HealthStatus,
    LedgerHead,
    LoadState,
    Message,
    Quality,
    SignalView,
)
from bitgrid.explain import RecordView

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Heard(Generic[M]):
    """A message and when it came.

    Args:
        message: the message.
        boot_s: boot time at which it came.
        is_retained: the broker had kept it, so that its true age is not known.
    """

    message: M
    boot_s: float
    is_retained: bool


@dataclass(frozen=True)
class Decided:
    """A decision that was heard: its id, its record as it came, the same record checked, and the ledger's end."""

    id: str
    record: dict[str, Any]
    view: RecordView
    head: LedgerHead | None = None


@dataclass(frozen=True)
class Cell:
    """A value to be shown. One that is not live is never shown as if it were.

    Args:
        value: the last value known; None when there never was one.
        is_live: whether it holds now.
        age_s: seconds of the house since it was measured; None: not known.
        is_computed: whether it comes from the energy balance instead of a device.
        source: who told it, as the rules name it.
    """

    value: float | None = None
    is_live: bool = False
    age_s: float | None = None
    is_computed: bool = False
    source: str = ""


@dataclass(frozen=True)
class Coming:
    """A forecast, block by block from the one now running on; one that is not live no rule goes by any more."""

    values: tuple[float, ...] = ()
    is_live: bool = False
    age_s: float | None = None
    source: str = ""


NOTHING = Cell()
PASSING = ("backup", "update")
"""Who comes to tell how one thing went, and leaves: what was told last is what is so."""
_TOLD_FROM_AFAR = ("_ct_kwh", ".sats_per_kwh")
"""Prices and worth hold for hours or weeks, as the rules judge; what is measured is old after seconds."""


@dataclass(frozen=True)
class House:
    """A snapshot; see `HouseView.snapshot`.

    Args:
        now_s: wall time of the house, UTC epoch seconds.
        boot_s: boot time.
        is_connected: whether the broker can be reached.
        timeout_s: age from which a value is old.
        block_s: how long a block is.
        load_ids: every flexible load of the site.
        energy: the last energy state.
        loads: the last state of each load.
        decisions: the last decisions, newest first.
        health: the last health of each component.
        parts: every process that must be heard, and the bridge to Home Assistant where it is on.
    """

    now_s: float
    boot_s: float
    is_connected: bool
    timeout_s: float
    block_s: int
    load_ids: tuple[str, ...]
    energy: Heard[EnergyStateMessage] | None
    loads: Mapping[str, Heard[LoadState]]
    decisions: tuple[Decided, ...]
    health: Mapping[str, Heard[Health]]
    parts: tuple[str, ...]

    def age_s(self, heard: Heard[Any]) -> float | None:
        """Seconds since a message came; None when the broker had kept it."""
        return None if heard.is_retained else max(0.0, self.boot_s - heard.boot_s)

    def is_live(self, heard: Heard[Any] | None) -> bool:
        """Whether a message came live, recently, over a connection that still stands."""
        age_s = None if heard is None else self.age_s(heard)
        return self.is_connected and age_s is not None and age_s <= self.timeout_s

    @property
    def autonomy(self) -> int | None:
        """How much the rules may do by themselves, 0 to 3; None while it is not known."""
        return self.energy.message.autonomy if self.energy is not None and self.is_live(self.energy) else None

    def signal(self, name: str) -> Cell:
        """A signal of the energy state, judged by its own age plus the time since the message came."""
        view = None if self.energy is None else self.energy.message.signals.get(name)
        if view is None or not isinstance(view.value, int | float):
            return NOTHING
        age_s, holds = self._age_s(view), self._holds(view)
        is_recent = age_s is not None and (age_s <= self.timeout_s or name.endswith(_TOLD_FROM_AFAR))
        return Cell(view.value, holds and is_recent, age_s, source=view.source)

    def coming(self, name: str) -> Coming:
        """A forecast of the energy state, without the blocks that have passed since the message came."""
        view = None if self.energy is None else self.energy.message.signals.get(name)
        if self.energy is None or view is None or not isinstance(view.value, list):
            return Coming()
        ends_s, block_s = self.energy.message.block_ends_s, self.block_s
        passed = max(0, math.floor((self.now_s - ends_s) / block_s) + 1)
        return Coming(tuple(view.value[passed:]), self._holds(view), self._age_s(view), view.source)

    def _holds(self, view: SignalView) -> bool:
        return self.is_live(self.energy) and view.quality is Quality.GOOD

    def _age_s(self, view: SignalView) -> float | None:
        since_s = None if self.energy is None else self.age_s(self.energy)
        return None if since_s is None or view.age_s is None else view.age_s + since_s

    def load_power(self, load: str) -> Cell:
        """What a load draws, W: measured, or nothing where it is confirmed to be off (it may then be silent)."""
        cell, heard = self.signal(f"{load}.power_w"), self.loads.get(load)
        if cell.is_live or heard is None:
            return cell
        age_s, is_live = self.age_s(heard), self.is_live(heard)
        if heard.message.confirmed_off:
            return Cell(0.0, is_live, age_s)
        if cell.value is not None:
            return cell
        value = heard.message.measured_power_w
        return Cell(value, value is not None and is_live, age_s)

    def house_load(self) -> Cell:
        """The household without flexible loads: as the rules see it, else computed from the balance."""
        measured = self.signal("house_load_w")
        if measured.value is not None:
            return measured
        pv, grid = self.signal("pv_power_w"), self.signal("grid_power_w")
        battery = self._battery_or_none()
        loads = [self.load_power(load) for load in self.load_ids]
        parts = [pv, grid, *loads] if battery is None else [pv, grid, battery, *loads]
        if any(part.value is None for part in parts):
            return NOTHING
        drawn_w = sum(load.value or 0 for load in loads) + (0 if battery is None else battery.value or 0)
        ages = [part.age_s for part in parts]
        oldest_s = None if None in ages else max(age for age in ages if age is not None)
        value = (pv.value or 0) + (grid.value or 0) - drawn_w
        return Cell(value, all(part.is_live for part in parts), oldest_s, is_computed=True)

    def _battery_or_none(self) -> Cell | None:
        """The battery's power; None in a house that tells of no battery."""
        told = set() if self.energy is None else set(self.energy.message.signals)
        return self.signal("battery_power_w") if {"battery_power_w", "battery_soc_pct"} & told else None

    def component(self, name: str) -> tuple[str, str]:
        """A component's status (ok, warn, error, silent) and its reason.

        Who was well enough to go on, and says no more, is silent. A failure stays one: a last will is said once.
        """
        heard = self.health.get(name)
        has_failed = heard is not None and heard.message.status is HealthStatus.ERROR
        if heard is None or not (has_failed or name in PASSING or self.is_live(heard)):
            return "silent", ""
        return heard.message.status.value, heard.message.reason

    def latest(self, load: str) -> Decided | None:
        """The last decision on a load."""
        return next((decided for decided in self.decisions if decided.view.load == load), None)
