"""SunSpec: finds a device's models, and reads the signals it is asked for out of those it has.

Signs are the house's: PV + generating, battery + charging, grid + import, house + consuming. SunSpec inverters and
battery banks count + out of the device, so a battery's power is turned round; meters count + import. Where a
device counts otherwise, site.yaml's ``invert_sign`` mends it.

A hybrid's AC power has its battery in it. Where it tells its DC inputs apart, PV is their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceNonsense, DeviceSilent
from bitgrid.devices.modbus.sunspec_models import (
    BASES,
    COMMON,
    Layout,
    Words,
    base_of,
    find_models,
    parts,
    read_block,
    registers_for,
    text,
    value,
)
from bitgrid.devices.transport import RegisterReader

_INVERTERS = (101, 102, 103, 111, 112, 113, 701)
_METERS = (201, 202, 203, 204, 211, 212, 213, 214)
_STORAGE, _MPPT, _DER_STORAGE, _DC_PORTS, _BANK = 124, 160, 713, 714, 802
_OF_HYBRIDS = {_STORAGE, _DER_STORAGE, _BANK}
_PV_PORT, _STORAGE_PORT = 0, 1
_MAKER_REGISTERS = 18
_GEN24_CHARGING, _GEN24_DISCHARGING, _GEN24_MODULES = 2, 3, 4
"""Fronius GEN24 tells its battery as the third and fourth module of model 160: charging, discharging. So evcc
(fronius-gen24.yaml) and Tinkerforge (meters_modbus_tcp/fronius.py)."""


@dataclass(frozen=True)
class Source:
    """A model that tells a signal: how many of its registers that takes, and how it is told."""

    model: int
    registers: int
    tell: Callable[[Words], float | None]


@dataclass(frozen=True)
class Found:
    """What a device turned out to have."""

    layout: Layout
    is_gen24: bool


class SunSpecDevice:
    """A device behind a register reader. Its layout is found once and kept until something goes wrong.

    Args:
        device: its name for people, with its address.
        read: how its registers are read.
        signals: what it is asked for.
    """

    def __init__(self, device: str, read: RegisterReader, signals: Iterable[SignalName]) -> None:
        self._device, self._read = device, read
        self._signals: tuple[SignalName, ...] = tuple(signals)
        self._found: Found | None = None
        self._bases: tuple[int, ...] = BASES
        self._is_base_known = False

    def read(self) -> dict[SignalName, float | None]:
        """Every signal that is asked for; None for one that the device does not tell.

        Raises:
            DeviceError: it did not answer, or not in SunSpec; the layout is looked for anew next time.
        """
        found, self._found = self._found, None
        if found is None:
            found = self._find()
        sources = {signal: self._source(found, signal) for signal in self._signals}
        blocks = self._blocks(found.layout, [source for source in sources.values() if source])
        told = {
            signal: None if source is None else source.tell(blocks[source.model])
            for signal, source in sources.items()
        }
        self._found = found
        return told

    def _find(self) -> Found:
        layout = self._find_models()
        may_be_gen24 = {COMMON, _STORAGE, _MPPT} <= set(layout)
        maker = read_block(self._read, layout[COMMON], _MAKER_REGISTERS) if may_be_gen24 else []
        return Found(layout, may_be_gen24 and text(maker, COMMON, "Mn").lower().startswith("fronius"))

    def _find_models(self) -> Layout:
        """Its models, looked for at one base more with each try that ended in silence.

        Some devices give no answer where they have no registers; a dead one never takes longer than one time-out.
        """
        try:
            layout = find_models(self._read, self._device, self._bases)
        except DeviceSilent:
            if not self._is_base_known:
                self._bases = (*self._bases[1:], self._bases[0])
            raise
        if layout:
            base = base_of(layout)
            self._bases, self._is_base_known = (base, *(one for one in BASES if one != base)), True
        return layout

    def _source(self, found: Found, signal: SignalName) -> Source | None:
        """The first source the device has. Where its AC power is the PV's, it is not also the battery's."""
        is_hybrid = signal == "battery_power_w" and "pv_power_w" in self._signals
        for source in _sources(found, signal):
            if source.model in found.layout and not (is_hybrid and source.model in _INVERTERS):
                return source
        return None

    def _blocks(self, layout: Layout, sources: list[Source]) -> Mapping[int, Words]:
        """The models of all sources, each read once."""
        needed: dict[int, int] = {}
        for source in sources:
            needed[source.model] = max(source.registers, needed.get(source.model, 0))
        return {model: self._words(layout, model, count) for model, count in needed.items()}

    def _words(self, layout: Layout, model: int, count: int) -> Words:
        words = read_block(self._read, layout[model], count)
        if words[0] != model:
            raise DeviceNonsense(f"{self._device} has model {words[0]} where model {model} was; it has changed")
        return words


def _sources(found: Found, signal: SignalName) -> Iterator[Source]:
    """What may tell a signal, the best first."""
    if signal == "pv_power_w":
        if _OF_HYBRIDS & set(found.layout):
            yield _parts(_MPPT, partial(_pv_modules_w, is_gen24=found.is_gen24))
            yield _parts(_DC_PORTS, partial(_ports_w, kind=_PV_PORT))
        yield from (_point(model, "W") for model in _INVERTERS)
    elif signal == "battery_power_w":
        yield _point(_BANK, "W", -1)
        yield _parts(_DC_PORTS, lambda words: _negative(_ports_w(words, kind=_STORAGE_PORT)))
        if found.is_gen24:
            yield _parts(_MPPT, _gen24_battery_w)
        yield from (_point(model, "W", -1) for model in _INVERTERS)
    elif signal == "battery_soc_pct":
        yield from (_point(_BANK, "SoC"), _point(_DER_STORAGE, "SoC"), _point(_STORAGE, "ChaState"))
    elif signal in {"grid_power_w", "house_load_w"}:
        yield from (_point(model, "W") for model in _METERS)


def _point(model: int, point: str, sign: int = 1) -> Source:
    def tell(words: Words) -> float | None:
        told = value(words, model, point)
        return None if told is None else told * sign

    return Source(model, registers_for(model, point), tell)


def _parts(model: int, tell: Callable[[Words], float | None]) -> Source:
    return Source(model, registers_for(model), tell)


def _pv_modules_w(words: Words, *, is_gen24: bool) -> float | None:
    """DC power of the PV modules of model 160; one that is not told is left out while another is.

    A Fronius whose modules are not those of a GEN24 has its battery among them, nobody knows where: None.
    """
    powers_w = [power_w for (power_w,) in parts(words, _MPPT, "DCW")]
    if is_gen24:
        powers_w = powers_w[:_GEN24_CHARGING] if len(powers_w) == _GEN24_MODULES else []
    told = [power_w for power_w in powers_w if power_w is not None]
    return sum(told) if told else None


def _gen24_battery_w(words: Words) -> float | None:
    """Charging less discharging; None unless both are told."""
    powers_w = [power_w for (power_w,) in parts(words, _MPPT, "DCW")]
    if len(powers_w) != _GEN24_MODULES:
        return None
    charging_w, discharging_w = powers_w[_GEN24_CHARGING], powers_w[_GEN24_DISCHARGING]
    return None if charging_w is None or discharging_w is None else charging_w - discharging_w


def _ports_w(words: Words, *, kind: int) -> float | None:
    """DC power out of all ports of a kind of model 714; None when there is none or one does not tell."""
    powers_w = [power_w for port, power_w in parts(words, _DC_PORTS, "PrtTyp", "DCW") if port == kind]
    told = [power_w for power_w in powers_w if power_w is not None]
    return sum(told) if told and len(told) == len(powers_w) else None


def _negative(told: float | None) -> float | None:
    return None if told is None else -told
