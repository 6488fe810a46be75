"""How BitGrid behaves towards devices it reads: never a write, and a dead one is nobody else's trouble."""

from __future__ import annotations

import ast
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import bitgrid.devices
from bitgrid.bus import Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import SystemClock
from bitgrid.config import DeviceConfig
from bitgrid.config.signals import SignalName
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.stepper import Stepper

DEVICES = Path(bitgrid.devices.__file__).parent
READING = [*sorted((DEVICES / "modbus").rglob("*.py")), DEVICES / "poller.py", DEVICES / "frozen.py"]


def writes(tree: ast.Module) -> Iterator[str]:
    """Every mention of something that writes to a Modbus device."""
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name.startswith(("write_", "mask_write", "readwrite_")):
            yield f"line {node.lineno}: {name}"


@pytest.mark.parametrize("file", READING, ids=lambda file: file.name)
def test_nothing_that_reads_devices_can_write_to_one(file: Path) -> None:
    assert list(writes(ast.parse(file.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "sample", ["client.write_register(1, 2)", "write_registers(1, [2])", "c.readwrite_registers()"]
)
def test_a_write_would_be_found(sample: str) -> None:
    assert list(writes(ast.parse(sample)))


class Hanging:
    """A device that never answers and never gives up."""

    def __init__(self) -> None:
        self.asked, self.released = threading.Event(), threading.Event()

    def read(self) -> dict[SignalName, float | None]:
        self.asked.set()
        self.released.wait(30)
        return {"pv_power_w": 0.0}


class Lively:
    """A device that answers at once."""

    def __init__(self, enough: int) -> None:
        self.reads, self._enough, self.done = 0, enough, threading.Event()

    def read(self) -> dict[SignalName, float | None]:
        self.reads += 1
        if self.reads >= self._enough:
            self.done.set()
        return {"grid_power_w": float(self.reads)}


def test_a_dead_device_never_delays_another() -> None:
    clock, bus, topics = SystemClock(speed=120), MemoryBus(), Topics("home")
    hanging, lively = Hanging(), Lively(20)

    def stepper(name: str, signal: SignalName, source: Hanging | Lively) -> Stepper:
        device = DeviceConfig(id=name, kind="sunspec", host="192.0.2.1", signals=[signal], poll_interval_s=1)
        return Stepper(name, DevicePoller(device, source, bus, topics, clock, random.Random(1)).step, clock)

    steppers = [stepper("dead", "pv_power_w", hanging), stepper("meter", "grid_power_w", lively)]
    try:
        steppers[0].start()
        assert hanging.asked.wait(5)
        steppers[1].start()
        assert lively.done.wait(5), "the meter was not polled while the inverter hung"
        assert not hanging.released.is_set()
    finally:
        hanging.released.set()
        for one in steppers:
            one.stop()
        for one in steppers:
            one.join(5)
