"""A look at a device or load because a person asks: read at once, answered by whoever has it, nothing written."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitgrid.bus import CommandReply, LookRequest, Received, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import DeviceConfig, load_config
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.looking import Ask, LoadLook, Look, Looks
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.ports import Told
from whole_house import CONFIG_DIRECTORY, WholeHouse

TOPICS = Topics("home")


@dataclass
class Source:
    values: dict[SignalName, Told] = field(default_factory=lambda: {"grid_power_w": 5.0})
    is_silent: bool = False
    reads: int = 0

    def read(self) -> dict[SignalName, Told]:
        self.reads += 1
        if self.is_silent:
            raise DeviceSilent("192.0.2.1:502 gave no answer")
        return self.values


class Bench:
    """A poller, and who asks it."""

    def __init__(self) -> None:
        self.clock, self.bus, self.source = HeldClock(), MemoryBus(), Source()
        device = DeviceConfig(id="meter", kind="sunspec", host="192.0.2.1", signals=["grid_power_w"])
        self.poller = DevicePoller(device, self.source, self.bus, TOPICS, self.clock, random.Random(1))
        self.replies: list[CommandReply] = []
        self.bus.subscribe(TOPICS.reply, self._on_reply)
        self.listen({"meter": self.poller.ask})

    def listen(self, ask: dict[str, Ask]) -> None:
        self.looks = Looks(self.bus, TOPICS, ask)

    def _on_reply(self, received: Received) -> None:
        reply = decode(CommandReply, received.payload)
        assert reply is not None
        self.replies.append(reply)

    def ask(self, device: str = "meter", *, retained: bool = False) -> None:
        request = LookRequest(request_id="1", device=device, actor="anna")
        self.looks.on_request(Received(TOPICS.look, request.encode(), retained))


def test_a_meter_is_asked_at_once_though_it_is_not_due() -> None:
    bench = Bench()
    bench.poller.step()
    bench.clock.advance(1)
    bench.ask()
    assert bench.replies == []
    bench.poller.step()
    (reply,) = bench.replies
    assert (reply.accepted, reply.code, reply.text) == (True, "LOOKED", "")
    assert reply.details == {
        "lines": [{"name": "grid_power_w", "value": 5.0, "quality": "good", "age_s": 0.0}],
        "problem": "",
        "took_s": 0.0,
    }
    assert bench.source.reads == 2


def test_nobody_is_answered_twice_and_it_polls_on_as_before() -> None:
    bench = Bench()
    bench.ask()
    bench.poller.step()
    assert bench.poller.step() == pytest.approx(10)
    assert (len(bench.replies), bench.source.reads) == (1, 1)


def test_what_is_being_asked_is_not_asked_again() -> None:
    bench = Bench()
    bench.ask()
    bench.ask()
    assert [(reply.accepted, reply.code) for reply in bench.replies] == [(False, "BUSY")]


def test_a_silent_meter_has_no_lines_and_a_reason() -> None:
    bench = Bench()
    bench.poller.step()
    bench.source.is_silent = True
    bench.ask()
    bench.poller.step()
    (reply,) = bench.replies
    assert reply.details["lines"] == []
    assert "gave no answer" in reply.text
    assert bench.poller.details()["trouble"] == ["silent"]


def test_what_is_another_process_is_left_to_it() -> None:
    bench = Bench()
    bench.ask("miner")
    bench.ask(retained=True)
    bench.looks.on_request(Received(TOPICS.look, b"{", retained=False))
    bench.poller.step()
    assert bench.replies == []


@pytest.mark.parametrize(
    ("values", "trouble"),
    [
        ({"grid_power_w": None}, ["untold"]),
        ({"grid_power_w": 9e9}, ["invalid"]),
        ({"grid_power_w": 9e9, "battery_soc_pct": None}, ["untold", "invalid"]),
        ({"grid_power_w": 5.0}, []),
    ],
)
def test_what_is_wrong_is_told_by_kind(values: dict[SignalName, Told], trouble: list[str]) -> None:
    bench = Bench()
    bench.source.values = values
    bench.poller.step()
    assert bench.poller.details()["trouble"] == trouble


def at_once(work: Callable[[], None]) -> None:
    work()


def test_a_load_tells_what_miner_and_relay_say_and_is_not_switched(tmp_path: Path) -> None:
    house = WholeHouse(tmp_path, 1_750_068_000.0)
    load = house.config.site.loads[0]
    looks: list[Look] = []
    asked = LoadLook(load, house.clock, house.transports, at_once)
    assert asked.ask(looks.append)
    (look,) = looks
    told = {line.name: line.value for line in look.lines}
    assert told["is_closed"] is False
    assert told["auto_off_s"] == 120
    assert told["starts_open"] is True
    assert "miner:" in look.problem  # without power a miner is silent


def test_one_look_at_a_time() -> None:
    waiting: list[Callable[[], None]] = []
    bench = Bench()
    house_load = load_config(CONFIG_DIRECTORY).site.loads[0]
    look = LoadLook(house_load, bench.clock, run=waiting.append)
    assert look.ask(lambda _look: None)
    assert not look.ask(lambda _look: None)
