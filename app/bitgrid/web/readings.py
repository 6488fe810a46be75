"""What each device tells by itself, before anything is made of it: for who looks at devices, not at the house."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from bitgrid.bus import Bus, Quality, Received, ScanReport, Telemetry, Topics, decode
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.web.house import Cell

LOAD_SIGNALS = ("power_w", "temp_c", "hashrate_ths")


@dataclass(frozen=True)
class Reading:
    """A signal of a device; ``quality`` is what its reader made of it."""

    name: str
    cell: Cell
    quality: Quality


@dataclass(frozen=True)
class _Heard:
    told: Telemetry
    boot_s: float
    is_retained: bool


class Readings:
    """The last of every signal of every device and load of the site; of nothing else, so nobody can fill it up.

    Args:
        config: the house.
        bus: where it is told.
        clock: the house's.
    """

    def __init__(self, config: Config, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self._timeout_s = config.rules.r3.comm_timeout_s
        self._names: dict[str, tuple[str, ...]] = {
            device.id: tuple(device.signals) for device in config.site.devices
        }
        self._names |= {
            load.id: LOAD_SIGNALS if load.miner is not None else LOAD_SIGNALS[:1] for load in config.site.loads
        }
        self._lock = threading.Lock()
        self._heard: dict[tuple[str, str], _Heard] = {}
        self._scan: ScanReport | None = None
        self._topics = Topics(config.site.site)
        bus.subscribe(self._topics.telemetry("+", "+"), self._on_telemetry)
        bus.subscribe(self._topics.scanned, self._on_scan)

    def of(self, device: str) -> list[Reading]:
        """Every signal of a device or load, in the order of site.yaml."""
        with self._lock:
            heard = {name: self._heard.get((device, name)) for name in self._names.get(device, ())}
        return [self._reading(name, one) for name, one in heard.items()]

    def scan(self) -> ScanReport | None:
        """How far the last scan is, and what it found."""
        with self._lock:
            return self._scan

    def _reading(self, name: str, heard: _Heard | None) -> Reading:
        value = None if heard is None else heard.told.value
        if heard is None or not isinstance(value, int | float):
            return Reading(name, Cell(), Quality.MISSING if heard is None else heard.told.quality)
        told, now = heard.told, self._clock.boot()
        age_s: float | None = (
            told.age_at_s(now) if told.sent_boot_s is not None else told.age_s + now - heard.boot_s
        )
        if heard.is_retained and told.sent_boot_s is None:
            age_s = None
        is_recent = age_s is not None and age_s <= self._timeout_s
        is_live = self._bus.is_connected and told.quality is Quality.GOOD and is_recent
        return Reading(name, Cell(float(value), is_live, age_s), told.quality)

    def _on_telemetry(self, received: Received) -> None:
        names, told = self._topics.parse_telemetry(received.topic), decode(Telemetry, received.payload)
        if names is None or told is None or names[1] not in self._names.get(names[0], ()):
            return
        with self._lock:
            self._heard[names] = _Heard(told, self._clock.boot(), received.retained)

    def _on_scan(self, received: Received) -> None:
        report = decode(ScanReport, received.payload)
        if report is not None and not received.retained:
            with self._lock:
                self._scan = report
