"""What every driver offers, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bitgrid.config import LevelConfig
from bitgrid.config.signals import SignalName


@dataclass(frozen=True)
class Dated:
    """A figure that was not asked for just now, and the boot time at which the device was asked for it."""

    value: float | None
    boot_s: float


Told = float | Dated | None
"""What a device tells of a signal: a figure from just now, one from earlier, or nothing."""


class SignalSource(Protocol):
    """What can be read at once from a device."""

    def read(self) -> Mapping[SignalName, Told]:
        """Every signal that is asked for; None for one that is not told. May raise `DeviceError`."""


class Heard(Protocol):
    """A message that a device told by itself, as the bus hands it over."""

    @property
    def topic(self) -> str:
        """Where it was told."""

    @property
    def payload(self) -> bytes:
        """What was told."""

    @property
    def retained(self) -> bool:
        """Whether the broker had kept it, so that its age is unknown."""


Listen = Callable[[str, Callable[[Heard], None]], None]
"""Has a handler called for every message of a topic, in any thread: `Bus.subscribe`."""


def figure(told: Told) -> float | None:
    """What is told, whatever its age."""
    return told.value if isinstance(told, Dated) else told


@dataclass(frozen=True)
class About:
    """What a device says of itself; None: not told.

    Args:
        maker: as it says itself, like all texts.
        rated_w: the AC power it was built for.
        max_w: the AC power it is set to give at most.
        limit_pct: what it may give now, % of ``max_w``, while a limit is switched on: it may have more sun than
            it shows.
        models: the numbers of its SunSpec models.
    """

    maker: str
    model: str
    serial: str
    rated_w: float | None
    max_w: float | None
    limit_pct: float | None
    models: tuple[int, ...]


@dataclass(frozen=True)
class MinerReading:
    """What a miner tells of itself; None: not told.

    Args:
        power_w: electrical power, W.
        temp_c: hottest chip, °C.
        hashrate_ths: hash rate, TH/s.
        is_asleep: whether it says that it does not hash on purpose.
        accepted_shares: shares its pools took, counted by itself; it may begin anew at any time.
        rejected_shares: shares they did not take.
    """

    power_w: float | None
    temp_c: float | None
    hashrate_ths: float | None
    is_asleep: bool | None
    accepted_shares: int | None = None
    rejected_shares: int | None = None


def own_power_w(reading: MinerReading, off_below_w: float) -> float | None:
    """The power a miner tells of itself, W; None where it says that it draws none and yet hashes."""
    if reading.power_w is None:
        return None
    power_w = abs(reading.power_w)
    return None if power_w < off_below_w and reading.hashrate_ths else power_w


class MinerDriver(Protocol):
    """A miner. Every method is one bounded exchange and may raise `DeviceError`."""

    def read(self) -> MinerReading:
        """Ask for power, temperature and hash rate."""

    def set_level(self, level: LevelConfig) -> None:
        """Wake it and set its level; idempotent. Acknowledged is not done: what it then measures counts."""

    def stop(self) -> None:
        """Send it to sleep; idempotent. Acknowledged is not done."""


@dataclass(frozen=True)
class RelayReading:
    """A relay's state; ``power_w`` is measured at the relay, None where it has no meter."""

    is_closed: bool
    power_w: float | None


@dataclass(frozen=True)
class RelaySettings:
    """What layer 4 of the fail-safe rests on, kept in the relay itself."""

    auto_off_s: float | None
    starts_open: bool


class RelayDriver(Protocol):
    """A relay that cuts a load's power. Every method is one bounded exchange and may raise `DeviceError`."""

    def read(self) -> RelayReading:
        """Ask for its state."""

    def read_settings(self) -> RelaySettings:
        """Ask for its persistent settings."""

    def close_for(self, seconds: int) -> None:
        """Close it, or keep it closed, and arm its own timer to open after ``seconds``. The guard's alone."""

    def open(self) -> None:
        """Open it now."""
