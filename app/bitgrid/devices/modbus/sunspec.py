"""SunSpec: finds a device's models, reads what is needed of them, decodes it by pysunspec2's definitions.

Signs are the house's: PV + generating, battery + charging, grid + import, house + consuming. SunSpec inverters and
battery banks count + out of the device, so a battery's power is turned round; meters count + import. Where a
device counts otherwise, site.yaml's ``invert_sign`` mends it.

A point that is not implemented, whose scale factor is not, or that is no finite number is None, never 0.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sunspec2.device import Model  # type: ignore[import-untyped]

from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.transport import RegisterReader

BASES = (40_000, 0, 50_000)
MAX_READ = 125
_MARK = [0x5375, 0x6E53]  # "SunS"
_END_ID = 0xFFFF
_MAX_MODELS = 64
_MAX_SCALE = 10
_REGISTERS = 65_536
_DC_MODEL = 714
_STORAGE_PORT = 1
_MAX_PORTS = 16


@dataclass(frozen=True)
class Block:
    """Where a model lies: the address of its first register, its ID, and its length with ID and length."""

    address: int
    count: int


Layout = Mapping[int, Block]
"""The models of a device by their number; the first of each counts."""


@dataclass(frozen=True)
class Source:
    """A point of a model that tells a signal, and the factor from its sign to the house's."""

    model: int
    point: str
    sign: int = 1


@dataclass(frozen=True)
class _Place:
    """Where a point lies in its model, in registers from the model's ID."""

    offset: int
    count: int
    kind: str
    scale_offset: int | None


_INVERTERS = (101, 102, 103, 111, 112, 113)
_METERS = (201, 202, 203, 204, 211, 212, 213, 214)
_METERED = tuple(Source(model, "W") for model in _METERS)
_SOURCES: dict[SignalName, tuple[Source, ...]] = {
    "pv_power_w": tuple(Source(model, "W") for model in _INVERTERS),
    "battery_power_w": (
        Source(802, "W", -1),
        Source(_DC_MODEL, "DCW", -1),
        *(Source(model, "W", -1) for model in _INVERTERS),
    ),
    "battery_soc_pct": (Source(802, "SoC"), Source(713, "SoC"), Source(124, "ChaState")),
    "grid_power_w": _METERED,
    "house_load_w": _METERED,
}
_FORMATS = {"int16": ">h", "uint16": ">H", "enum16": ">H", "sunssf": ">h", "float32": ">f"}
_NOT_IMPLEMENTED: dict[str, float] = {"int16": -0x8000, "uint16": 0xFFFF, "enum16": 0xFFFF, "sunssf": -0x8000}


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
        self._layout: Layout | None = None

    def read(self) -> dict[SignalName, float | None]:
        """Every signal that is asked for; None for one that the device does not tell.

        Raises:
            DeviceError: it did not answer, or not in SunSpec; the layout is looked for anew next time.
        """
        layout, self._layout = self._layout, None
        if layout is None:
            layout = find_models(self._read, self._device)
        blocks = {model: self._words(layout[model], model) for model in self._wanted(layout)}
        told = {signal: self._signal(layout, signal, blocks) for signal in self._signals}
        self._layout = layout
        return told

    def _wanted(self, layout: Layout) -> set[int]:
        sources = [self._source(layout, signal) for signal in self._signals]
        return {source.model for source in sources if source is not None}

    def _source(self, layout: Layout, signal: SignalName) -> Source | None:
        """The first source the device has. Where its AC power is the PV's, it is not also the battery's."""
        is_hybrid = signal == "battery_power_w" and "pv_power_w" in self._signals
        for source in _SOURCES[signal]:
            if source.model in layout and not (is_hybrid and source.model in _INVERTERS):
                return source
        return None

    def _signal(self, layout: Layout, signal: SignalName, blocks: Mapping[int, list[int]]) -> float | None:
        source = self._source(layout, signal)
        if source is None:
            return None
        words = blocks[source.model]
        value = (
            _storage_ports_w(words) if source.model == _DC_MODEL else _value(words, places(source.model), source)
        )
        return None if value is None else value * source.sign

    def _words(self, block: Block, model: int) -> list[int]:
        """A model from its ID to the last register that is needed, in as few reads as possible."""
        needed = min(block.count, _needed(model))
        words: list[int] = []
        while len(words) < needed:
            words += self._read(block.address + len(words), min(MAX_READ, needed - len(words)))
        if words[0] != model:
            raise DeviceNonsense(f"{self._device} has model {words[0]} where model {model} was; it has changed")
        return words


def find_models(read: RegisterReader, device: str) -> Layout:
    """Walk a device's models from the mark ``SunS`` on.

    Raises:
        DeviceNonsense: no mark, or headers that lead nowhere.
        DeviceSilent: no answer.
    """
    address = _first_header(read, device)
    layout: dict[int, Block] = {}
    for _ in range(_MAX_MODELS):
        header = _try(read, address)
        if header is None or header[0] == _END_ID:
            return layout
        block = Block(address, header[1] + 2)
        layout.setdefault(header[0], block)
        address += block.count
    raise DeviceNonsense(f"{device} names more than {_MAX_MODELS} SunSpec models; their list does not end")


def _first_header(read: RegisterReader, device: str) -> int:
    for base in BASES:
        if _try(read, base) == _MARK:
            return base + len(_MARK)
    raise DeviceNonsense(f"{device} has no SunSpec mark at {BASES}; is SunSpec enabled, is unit_id right?")


def _try(read: RegisterReader, address: int) -> list[int] | None:
    """Two registers; None where the device has none. Some end their list of models that way."""
    if address + 2 > _REGISTERS:
        return None
    try:
        return read(address, 2)
    except DeviceRefused:
        return None


@cache
def places(model: int) -> dict[str, _Place]:
    """Where the points of a model lie, by pysunspec2's definition."""
    points = Model(model, data={"NPrt": 0}).points
    return {name: _place(point, points) for name, point in points.items() if point.pdef["type"] in _FORMATS}


@cache
def _port_places() -> tuple[int, int, dict[str, _Place]]:
    """Of model 714: where its ports begin, the length of one, and where its points lie from its beginning."""
    model = Model(_DC_MODEL, data={"NPrt": 1})
    port = model.groups["Prt"][0]
    places_in = {
        name: _Place(point.offset - port.offset, point.len, point.pdef["type"], None)
        for name, point in port.points.items()
        if point.pdef["type"] in _FORMATS
    }
    return port.offset, port.len, places_in


def _place(point: object, points: Mapping[str, object]) -> _Place:
    scale = getattr(point, "sf", None)
    return _Place(
        offset=point.offset,  # type: ignore[attr-defined]
        count=point.len,  # type: ignore[attr-defined]
        kind=point.pdef["type"],  # type: ignore[attr-defined]
        scale_offset=points[scale].offset if scale else None,  # type: ignore[attr-defined]
    )


@cache
def _needed(model: int) -> int:
    """How many registers of a model hold the points that tell signals, and their scale factors."""
    if model == _DC_MODEL:
        begin, length, _ = _port_places()
        return begin + _MAX_PORTS * length
    names = {source.point for sources in _SOURCES.values() for source in sources if source.model == model}
    wanted = [places(model)[name] for name in names]
    return max(max(place.offset + place.count, (place.scale_offset or 0) + 1) for place in wanted)


def _value(words: list[int], of_model: Mapping[str, _Place], source: Source) -> float | None:
    place = of_model[source.point]
    raw = _raw(words, place.offset, place.count, place.kind)
    if raw is None or place.scale_offset is None:
        return raw
    return _scaled(raw, _raw(words, place.scale_offset, 1, "sunssf"))


def _storage_ports_w(words: list[int]) -> float | None:
    """DC power out of all storage ports of model 714; None when there is none or one does not tell."""
    begin, length, of_port = _port_places()
    scale_at = places(_DC_MODEL)["DCW"].scale_offset
    scale = None if scale_at is None else _raw(words, scale_at, 1, "sunssf")
    powers = [
        _scaled(_raw(words, at + of_port["DCW"].offset, 1, "int16"), scale)
        for at in range(begin, len(words) - length + 1, length)
        if _raw(words, at + of_port["PrtTyp"].offset, 1, "enum16") == _STORAGE_PORT
    ]
    told = [power_w for power_w in powers if power_w is not None]
    return sum(told) if told and len(told) == len(powers) else None


def _raw(words: list[int], offset: int, count: int, kind: str) -> float | None:
    """A point without its scale; None when it is not there, not implemented or not finite."""
    part = words[offset : offset + count]
    if len(part) < count:
        return None
    value: float = struct.unpack(_FORMATS[kind], struct.pack(f">{count}H", *part))[0]
    return value if math.isfinite(value) and value != _NOT_IMPLEMENTED.get(kind) else None


def _scaled(raw: float | None, scale: float | None) -> float | None:
    if raw is None or scale is None or abs(scale) > _MAX_SCALE:
        return None
    return raw * 10**scale if scale >= 0 else raw / 10**-scale
