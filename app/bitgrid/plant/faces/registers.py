"""Devices behind a register map: what stands in their registers, by the profile in config/devices/.

It says the house's truth in the profile's own words, so that a whole house can run on any map. That the map is
right is not its business: the fixtures under tests/devices/modbus/ are made from the makers' documents.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from bitgrid.config import DeviceConfig
from bitgrid.config.profiles import REGISTERS_OF, RegisterPoint, RegisterProfile
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.transport import RegisterFunction
from bitgrid.plant.faces.truth import Truth
from bitgrid.plant.model import House


@dataclass(frozen=True)
class Span:
    """Registers without a hole: words from an address on."""

    function: RegisterFunction
    address: int
    words: list[int]


class RegisterMapFace:
    """A device's registers: a `RegisterReader`.

    Args:
        house: the house it measures.
        device: what it measures and how it is called.
        profile: where it keeps what.
    """

    def __init__(self, house: House, device: DeviceConfig, profile: RegisterProfile) -> None:
        self._device, self._truth = device, Truth(house, device)
        self._signals = [(name, profile.signals[name].points) for name in device.signals]
        self._points = [point for _name, points in self._signals for point in points]
        self._ranges = _ranges(self._points, profile.quirks.max_gap)
        self._max_read = profile.quirks.max_registers

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from answering."""
        return self._truth.is_silent

    def spans(self) -> list[Span]:
        """All registers as they stand now; what a device would have in between is 0."""
        words: dict[tuple[RegisterFunction, int], int] = {}
        for name, points in self._signals:
            rest = self._truth.tell(name)
            for point in points:
                raw = _raw(point, rest)
                rest -= raw * point.scale + point.offset
                for place, word in enumerate(_words(point, raw)):
                    words[point.function, point.address + place] = word
        return [
            Span(function, places.start, [words.get((function, place), 0) for place in places])
            for function, places in self._ranges
        ]

    def __call__(self, address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        """``count`` registers from ``address``; see `RegisterReader`."""
        self._truth.check_answers()
        for span in self.spans():
            begin = address - span.address
            if span.function == function and begin >= 0 and 0 < count <= self._max_read:
                found = span.words[begin : begin + count]
                if len(found) == count:
                    return found
        raise DeviceRefused(f"{self._device.id} has no {count} {function} registers at {address}")


def _ranges(points: Iterable[RegisterPoint], max_gap: int) -> list[tuple[RegisterFunction, range]]:
    """The registers of all points, with holes no wider than the device lets itself be asked across."""
    places = sorted(
        {(point.function, point.address + i) for point in points for i in range(REGISTERS_OF[point.type])}
    )
    found: list[tuple[RegisterFunction, range]] = []
    for function, address in places:
        if found and found[-1][0] == function and address - found[-1][1].stop <= max_gap:
            found[-1] = (function, range(found[-1][1].start, address + 1))
        else:
            found.append((function, range(address, address + 1)))
    return found


def _raw(point: RegisterPoint, value: float) -> float:
    """As much of a value as the point can hold; the next point gets the rest, as export does after import."""
    raw = (value - point.offset) / point.scale
    if point.type == "float32":
        return float(struct.unpack(">f", struct.pack(">f", raw))[0])
    bits = 16 * REGISTERS_OF[point.type]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if point.type.startswith("int") else (0, 2**bits - 1)
    held = min(max(round(raw), low), high)
    return 0 if held % 2**bits in point.not_told else held


def _words(point: RegisterPoint, raw: float) -> list[int]:
    count = REGISTERS_OF[point.type]
    data = (
        struct.pack(">f", raw) if point.type == "float32" else (int(raw) % 2 ** (16 * count)).to_bytes(2 * count)
    )
    words = list(struct.unpack(f">{count}H", data))
    return words if point.word_order == "high_first" else words[::-1]
