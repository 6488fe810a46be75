from __future__ import annotations

import enum
import importlib.util
import sys
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import DeviceConfig, load_config
from bitgrid.config.device import GpioPin
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.gpio.lines import GpioLine
from bitgrid.devices.registry import SOCKETS, build_sources, no_bus

CONFIG = load_config(Path(__file__).parents[3] / "config")
LIMIT = DeviceConfig(
    id="operator",
    kind="gpio",
    gpio=GpioPin(line=17, on_value=4200, off_value=100_000),
    signals=["grid_limit_w"],
)


class Value(enum.Enum):
    INACTIVE = 0
    ACTIVE = 1


@dataclass
class Board:
    """A board with one chip, behind the few names of gpiod that are used."""

    level: Value = Value.INACTIVE
    chips: tuple[str, ...] = ("/dev/gpiochip0",)
    asked: list[dict[str, Any]] = field(default_factory=list)
    fails: bool = False

    def request_lines(self, chip: str, **asked: Any) -> Board:
        if chip not in self.chips:
            raise FileNotFoundError(2, "No such file or directory")
        self.asked.append(asked)
        return self

    def get_value(self, line: int) -> Value:
        if self.fails:
            raise OSError(19, "No such device")
        assert line in self.asked[-1]["config"]
        return self.level


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    board, gpiod, line = Board(), ModuleType("gpiod"), ModuleType("gpiod.line")
    vars(gpiod).update(LineSettings=dict, request_lines=board.request_lines, line=line)
    bias, direction = enum.Enum("Bias", "PULL_UP PULL_DOWN"), enum.Enum("Direction", "INPUT OUTPUT")
    vars(line).update(Bias=bias, Direction=direction, Value=Value)
    monkeypatch.setitem(sys.modules, "gpiod", gpiod)
    monkeypatch.setitem(sys.modules, "gpiod.line", line)
    return board


def test_a_contact_tells_one_value_while_it_is_on_and_another_while_it_is_off() -> None:
    states = iter([False, True])
    transports = changed(SOCKETS, gpio=lambda _device, _pin: lambda: next(states))
    source = build_sources(CONFIG, HeldClock(), transports, listen=no_bus, only=[LIMIT])["operator"]
    assert [source.read(), source.read()] == [{"grid_limit_w": 100_000.0}, {"grid_limit_w": 4200.0}]


def test_a_pin_is_opened_once_as_an_input_pulled_away_from_on(board: Board) -> None:
    source = build_sources(CONFIG, HeldClock(), listen=no_bus, only=[LIMIT])["operator"]
    assert source.read() == {"grid_limit_w": 100_000.0}
    board.level = Value.ACTIVE
    assert source.read() == {"grid_limit_w": 4200.0}
    (asked,) = board.asked
    settings = asked["config"][17]
    assert (settings["direction"].name, settings["bias"].name, settings["active_low"]) == (
        "INPUT",
        "PULL_UP",
        True,
    )
    assert asked["consumer"] == "bitgrid"


def test_a_contact_to_the_supply_is_pulled_down(board: Board) -> None:
    assert GpioLine("button", GpioPin(line=4, active_low=False)).is_on() is False
    assert board.asked[0]["config"][4]["bias"].name == "PULL_DOWN"


def test_a_chip_that_is_not_there_is_named_with_what_to_look_at(board: Board) -> None:
    with pytest.raises(DeviceRefused, match=r"button: line 4 of /dev/gpiochip9 cannot be read .*gpiodetect"):
        GpioLine("button", GpioPin(chip="/dev/gpiochip9", line=4)).is_on()
    assert board.asked == []


def test_a_pin_that_failed_is_opened_anew(board: Board) -> None:
    line = GpioLine("button", GpioPin(line=4))
    board.fails = True
    with pytest.raises(DeviceRefused, match="No such device"):
        line.is_on()
    board.fails, board.level = False, Value.ACTIVE
    assert line.is_on() is True
    assert len(board.asked) == 2


def test_without_the_extra_the_text_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    with pytest.raises(DeviceRefused, match=r"pip install 'bitgrid\[gpio\]'"):
        GpioLine("button", GpioPin(line=4)).is_on()


@pytest.mark.skipif(importlib.util.find_spec("gpiod") is None, reason="the extra gpio is not installed")
def test_the_real_library_has_what_is_used_and_says_that_there_is_no_such_chip() -> None:
    with pytest.raises(DeviceRefused, match="cannot be read"):
        GpioLine("button", GpioPin(chip="/dev/gpiochip99", line=4)).is_on()
