"""Register maps: a device read as its profile in config/devices/ says, in as few requests as it allows.

A figure that its source calls "not measured", or that no meter measures (`is_measured`), is None, never 0.
May touch: the device named in site.yaml, through the reader that is handed in; it can read and nothing else.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bitgrid.clock import Clock
from bitgrid.config.profiles import REGISTERS_OF, Quirks, RegisterPoint, RegisterProfile, RegisterType
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.modbus.numbers import is_measured
from bitgrid.devices.ports import Dated, Told
from bitgrid.devices.transport import RegisterFunction, RegisterReader

SLOW_S = 10.0
"""How old a slow group's figures may get before it is read again, seconds of the house: so that a poll may fail
and none of them is older than the 30 s after which the rules call a signal stale."""
ONE_CLIENT = (
    "It takes one connection at a time: another program (an app, an energy manager, a wallbox) is probably "
    "connected to it. End that program, or let both ask a Modbus proxy."
)
FORMATS: dict[RegisterType, str] = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "uint64": ">Q", "float32": ">f",
}  # fmt: skip

Place = tuple[RegisterFunction, int]
Words = Mapping[Place, int]
"""What was read: each register by its function and address."""


@dataclass(frozen=True)
class Read:
    """One request: so many registers of a function from an address on."""

    function: RegisterFunction
    address: int
    count: int


def plan(points: Iterable[RegisterPoint], quirks: Quirks) -> list[Read]:
    """The fewest requests that bring all points, by address, none longer or across wider gaps than allowed."""
    reads: list[Read] = []
    for point in sorted(points, key=lambda one: (one.function, one.address)):
        end = point.address + REGISTERS_OF[point.type]
        last = reads[-1] if reads else None
        if last is not None and last.function == point.function:
            end = max(end, last.address + last.count)
            gap = point.address - (last.address + last.count)
            if gap <= quirks.max_gap and end - last.address <= quirks.max_registers:
                reads[-1] = Read(last.function, last.address, end - last.address)
                continue
        reads.append(Read(point.function, point.address, REGISTERS_OF[point.type]))
    return reads


def decode(point: RegisterPoint, words: Words) -> float | None:
    """A point's figure in the unit of its signal; None where the device says that it has none."""
    places = range(point.address, point.address + REGISTERS_OF[point.type])
    registers = [words[point.function, place] for place in places]
    if point.word_order == "low_first":
        registers.reverse()
    raw = struct.pack(f">{len(registers)}H", *registers)
    if int.from_bytes(raw, "big") in point.not_told:
        return None
    told = struct.unpack(FORMATS[point.type], raw)[0]
    return told * point.scale + point.offset if is_measured(told) else None


def total(points: Iterable[RegisterPoint], words: Words) -> float | None:
    """The sum of a signal's points; None where one is not told that is not optional, or none is told."""
    figures = [(point, decode(point, words)) for point in points]
    if any(value is None and not point.optional for point, value in figures):
        return None
    told = [value for _point, value in figures if value is not None]
    return math.fsum(told) if told else None


class RegisterMapDevice:
    """A device behind a register reader.

    Args:
        device: its name for people, with its address.
        read: how its registers are read.
        profile: where it keeps what.
        signals: what it is asked for.
        clock: dates what is not read each time.
    """

    def __init__(
        self,
        device: str,
        read: RegisterReader,
        profile: RegisterProfile,
        signals: Iterable[SignalName],
        clock: Clock,
    ) -> None:
        self._device, self._read, self._profile, self._clock = device, read, profile, clock
        asked = {name: profile.signals[name] for name in signals}
        self._fast = {name: signal.points for name, signal in asked.items() if signal.group == "fast"}
        self._slow = {name: signal.points for name, signal in asked.items() if signal.group == "slow"}
        self._known: dict[SignalName, Told] = {}
        self._known_boot_s = -math.inf

    def read(self) -> dict[SignalName, Told]:
        """Every signal that is asked for; what hardly changes may be from earlier, and says so.

        Raises:
            DeviceError: it did not answer, or refused.
        """
        try:
            told: dict[SignalName, Told] = dict(self._figures(self._fast))
            asked_boot_s = self._clock.boot()
            if self._slow and asked_boot_s - self._known_boot_s >= SLOW_S:
                figures = self._figures(self._slow)
                self._known = {name: Dated(value, asked_boot_s) for name, value in figures.items()}
                self._known_boot_s = asked_boot_s
        except DeviceSilent as error:
            if not self._profile.quirks.single_connection:
                raise
            raise DeviceSilent(f"{error} {ONE_CLIENT}") from error
        return told | self._known

    def _figures(self, wanted: Mapping[SignalName, list[RegisterPoint]]) -> dict[SignalName, float | None]:
        words: dict[Place, int] = {}
        for asked in plan([point for points in wanted.values() for point in points], self._profile.quirks):
            registers = self._read(asked.address, asked.count, asked.function)
            words |= {(asked.function, asked.address + i): word for i, word in enumerate(registers)}
        return {name: total(points, words) for name, points in wanted.items()}
