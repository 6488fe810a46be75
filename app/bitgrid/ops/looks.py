"""What `bitgrid devices test` shows: a device's signals, or a load's miner and relay, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bitgrid.bus import Quality
from bitgrid.clock import Clock
from bitgrid.config import DeviceConfig, LoadConfig
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.plausible import judged
from bitgrid.devices.ports import Dated, MinerReading, RelayReading, RelaySettings, Told
from bitgrid.ops.signal_words import figure, meaning

_OLD_S = 1.0
_QUALITIES = {
    Quality.GOOD: "",
    Quality.MISSING: "not told",
    Quality.INVALID: "INVALID: beyond what a home can have, so the rules do not use it",
}


@dataclass(frozen=True)
class Line:
    """One figure.

    Args:
        name: of the signal, or of the miner's or relay's own figure.
        value: in the house's sign; None: not told.
        quality: what the rules would make of it.
        age_s: how long ago it was told.
        words: what it means.
    """

    name: str
    value: float | bool | None
    quality: Quality
    age_s: float
    words: str

    def __str__(self) -> str:
        shown = "—" if self.value is None else self._shown(self.value)
        age = f"{self.age_s:.0f} s old" if self.age_s >= _OLD_S else ""
        said = ", ".join(filter(None, (_QUALITIES[self.quality], self.words, age)))
        return f"  {self.name:<17}{shown:>12}  {said}".rstrip()

    def _shown(self, value: float) -> str:
        return ("yes" if value else "no") if isinstance(value, bool) else figure(self.name, value)


@dataclass(frozen=True)
class Look:
    """What came of looking once; each problem in words."""

    lines: tuple[Line, ...]
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([*map(str, self.lines), *(f"  ✗ {problem}" for problem in self.problems)])


def at_device(device: DeviceConfig, read: Callable[[], Mapping[SignalName, Told]], clock: Clock) -> Look:
    """Every signal that site.yaml says a device measures."""
    asked_boot_s = clock.boot()
    try:
        told = read()
    except DeviceError as error:
        return Look((), (str(error),))
    now = clock.boot()
    return Look(tuple(_line(device, signal, one, asked_boot_s, now) for signal, one in told.items()))


def at_load(
    load: LoadConfig, miner: Callable[[], MinerReading], relay: Callable[[], tuple[RelayReading, RelaySettings]]
) -> Look:
    """What a load's miner and relay tell; one may be silent, as a miner without power is."""
    looks = []
    if load.miner is not None:
        looks.append(_tried("miner", lambda: list(_of_miner(miner()))))
    if load.relay is not None:
        looks.append(_tried("relay", lambda: list(_of_relay(*relay()))))
    return Look(
        tuple(line for look in looks for line in look.lines),
        tuple(problem for look in looks for problem in look.problems),
    )


def _tried(what: str, read: Callable[[], list[Line]]) -> Look:
    try:
        return Look(tuple(read()))
    except DeviceError as error:
        return Look((), (f"{what}: {error}",))


def _line(device: DeviceConfig, signal: SignalName, told: Told, asked_boot_s: float, now: float) -> Line:
    dated = told if isinstance(told, Dated) else Dated(told, asked_boot_s)
    value, quality = judged(device, signal, dated.value)
    words = "" if value is None else meaning(signal, value)
    if value is not None and signal in device.invert_sign:
        words = f"{words} (turned by invert_sign)".strip()
    return Line(signal, value, quality, round(max(0.0, now - dated.boot_s), 1), words)


def _of_miner(told: MinerReading) -> Iterator[Line]:
    yield _fact("power_w", told.power_w, "drawn by the miner, as it says itself")
    yield _fact("temp_c", told.temp_c, "its hottest chip")
    yield _fact("hashrate_ths", told.hashrate_ths, "its hash rate")
    yield _fact("is_asleep", told.is_asleep, "whether it says that it does not hash on purpose")


def _of_relay(told: RelayReading, settings: RelaySettings) -> Iterator[Line]:
    yield _fact("is_closed", told.is_closed, "whether the relay gives power")
    yield _fact("relay_power_w", told.power_w, "measured at the relay")
    yield _fact("auto_off_s", settings.auto_off_s, "after which it opens by itself")
    yield _fact("starts_open", settings.starts_open, "whether it is open after a loss of power")


def _fact(name: str, value: float | bool | None, words: str) -> Line:
    return Line(name, value, Quality.MISSING if value is None else Quality.GOOD, 0.0, words)
