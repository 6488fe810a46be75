"""SunSpec's models: where a device has them, and what their registers mean by pysunspec2's definitions.

A point that is not implemented, whose scale factor is not, or that no meter measures is None, never 0.
May touch: nothing but the reader that is handed in.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from sunspec2 import device as pysunspec2  # type: ignore[import-untyped]  # the package has no types

from bitgrid.devices.errors import DeviceBusy, DeviceError, DeviceNonsense, DeviceRefused
from bitgrid.devices.modbus.numbers import is_measured
from bitgrid.devices.transport import RegisterReader

# Its own definitions alone: it would look first where a process stands, which may be a home it may not see.
pysunspec2.set_model_defs_path([pysunspec2.models_dir])

BASES = (40_000, 0, 50_000)
MAX_READ = 125
COMMON = 1
_MARK = [0x5375, 0x6E53]  # "SunS"
_END_ID = 0xFFFF
_MAX_MODELS, _MAX_PARTS = 64, 16
_MAX_SCALE = 10
_REGISTERS = 65_536
_FORMATS = {
    "int16": ">h", "uint16": ">H", "enum16": ">H", "count": ">H", "sunssf": ">h", "float32": ">f",
}  # fmt: skip
_NOT_IMPLEMENTED: dict[str, float] = {
    "int16": -0x8000, "uint16": 0xFFFF, "enum16": 0xFFFF, "count": 0xFFFF, "sunssf": -0x8000,
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Where a model lies: the address of its first register, its ID, and its length with ID and length."""

    address: int
    count: int


Layout = Mapping[int, Block]
"""The models of a device by their number; the first of each counts."""
Words = list[int]
"""A model's registers from its ID on."""


class _Point(Protocol):
    """What is used of pysunspec2's point, which has no types: where it lies, its definition, its scale's name."""

    offset: int
    len: int
    pdef: Mapping[str, str]
    sf: str | None


@dataclass(frozen=True)
class _Place:
    """Where a point lies in its model, in registers from the model's ID."""

    offset: int
    count: int
    kind: str
    scale_offset: int | None


@dataclass(frozen=True)
class _Group:
    """What repeats itself in a model: where it begins, how long each is, who says how many, and its points."""

    begin: int
    length: int
    counted_by: str
    places: Mapping[str, _Place]


_REPEATED = {160: ("N", "module"), 714: ("NPrt", "Prt")}
"""Models with a part for each input: the point that counts them, and what pysunspec2 calls them."""


def find_models(read: RegisterReader, device: str, bases: Sequence[int] = BASES) -> Layout:
    """Walk a device's models from the mark ``SunS`` on, at the first of ``bases`` that has it.

    Raises:
        DeviceNonsense: no mark, or headers that lead nowhere.
        DeviceSilent: no answer.
        DeviceBusy: it could not say just now; where its list ends is not known.
    """
    address = _first_header(read, device, bases)
    layout: dict[int, Block] = {}
    for _ in range(_MAX_MODELS):
        header = _try(read, address)
        if header is None or header[0] == _END_ID:
            return layout
        block = Block(address, header[1] + 2)
        layout.setdefault(header[0], block)
        address += block.count
    raise DeviceNonsense(f"{device} names more than {_MAX_MODELS} SunSpec models; their list does not end")


def read_block(read: RegisterReader, block: Block, count: int) -> Words:
    """A model's first ``count`` registers, or as many as it has, in as few reads as possible."""
    words: Words = []
    while len(words) < min(block.count, count):
        words += read(block.address + len(words), min(MAX_READ, block.count - len(words), count - len(words)))
    return words


def registers_for(model: int, *points: str) -> int:
    """How many registers of a model hold these points and their scale factors; of repeated parts, all."""
    if model in _REPEATED:
        return _group(model).begin + _MAX_PARTS * _group(model).length
    wanted = [_places(model)[point] for point in points]
    return max(max(place.offset + place.count, (place.scale_offset or 0) + 1) for place in wanted)


def value(words: Words, model: int, point: str) -> float | None:
    """A point of a model, scaled."""
    return _value(words, _places(model)[point], 0)


def parts(words: Words, model: int, *points: str) -> Iterator[tuple[float | None, ...]]:
    """The points of each repeated part of a model, scaled."""
    group = _group(model)
    counted = value(words, model, group.counted_by)
    fit = (len(words) - group.begin) // group.length
    for number in range(fit if counted is None else min(fit, int(counted))):
        yield tuple(_value(words, group.places[point], number * group.length) for point in points)


def text(words: Words, model: int, point: str) -> str:
    """A text of a model; empty where there is none."""
    place = pysunspec2.Model(model).points[point]
    part = words[place.offset : place.offset + place.len]
    data = struct.pack(f">{len(part)}H", *part)
    return data.split(b"\0")[0].decode("utf-8", "replace").strip()


def base_of(layout: Layout) -> int:
    """Where the mark stands that a layout was found by."""
    return min(block.address for block in layout.values()) - len(_MARK)


def _first_header(read: RegisterReader, device: str, bases: Sequence[int]) -> int:
    unclear: DeviceError | None = None
    for base in bases:
        try:
            if _try(read, base) == _MARK:
                return base + len(_MARK)
        except (DeviceBusy, DeviceNonsense) as error:
            unclear = unclear or error
    if unclear is not None:
        raise unclear
    raise DeviceNonsense(f"{device} has no SunSpec mark at {BASES}; is SunSpec enabled, is unit_id right?")


def _try(read: RegisterReader, address: int) -> Words | None:
    """Two registers; None where the device has none. Some end their list of models that way."""
    if address + 2 > _REGISTERS:
        return None
    try:
        return read(address, 2)
    except DeviceBusy:
        raise
    except DeviceRefused:
        return None


@cache
def _places(model: int) -> dict[str, _Place]:
    """Where the points of a model lie, by pysunspec2's definition."""
    counted_by, _name = _REPEATED.get(model, (None, ""))
    points = pysunspec2.Model(model, data={counted_by: 0} if counted_by else {}).points
    return {name: _place(point, points) for name, point in points.items() if point.pdef["type"] in _FORMATS}


@cache
def _group(model: int) -> _Group:
    """Of a model with repeated parts: where they lie."""
    counted_by, name = _REPEATED[model]
    whole = pysunspec2.Model(model, data={counted_by: 1, name: [{}]})
    part = whole.groups[name][0]
    kinds = {name: point for name, point in part.points.items() if point.pdef["type"] in _FORMATS}
    places = {name: _place(point, whole.points) for name, point in kinds.items()}
    return _Group(part.offset, part.len, counted_by, places)


def _place(point: _Point, header: Mapping[str, _Point]) -> _Place:
    return _Place(
        offset=point.offset,
        count=point.len,
        kind=point.pdef["type"],
        scale_offset=header[point.sf].offset if point.sf else None,
    )


def _value(words: Words, place: _Place, shift: int) -> float | None:
    raw = _raw(words, place.offset + shift, place.count, place.kind)
    if raw is None or place.scale_offset is None:
        return raw
    scale = _raw(words, place.scale_offset, 1, "sunssf")
    if scale is None or abs(scale) > _MAX_SCALE:
        return None
    return raw * 10**scale if scale >= 0 else raw / 10**-scale


def _raw(words: Words, offset: int, count: int, kind: str) -> float | None:
    """A point without its scale; None when it is not there, not implemented or not finite."""
    part = words[offset : offset + count]
    if len(part) < count:
        return None
    found: float = struct.unpack(_FORMATS[kind], struct.pack(f">{count}H", *part))[0]
    return found if is_measured(found) and found != _NOT_IMPLEMENTED.get(kind) else None
