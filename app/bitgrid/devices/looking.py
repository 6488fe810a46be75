"""Asking a device or load now, because a person wants to see whether it answers: read, never written to.

A meter is asked by the poller that has its connection, for some inverters bear only one; a load by drivers made
for the purpose, as the guard has its own. Each process answers for what it has, and for nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bitgrid.bus import Bus, CommandReply, LookRequest, Quality, Received, Topics, decode
from bitgrid.clock import Clock
from bitgrid.config import ConfigError, LoadConfig
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.registry import SOCKETS, Transports, build_miner, build_relay

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """A figure that was told; ``age_s`` how long ago, ``quality`` what the rules would make of it."""

    name: str
    value: float | bool | None
    quality: Quality
    age_s: float = 0.0

    def as_details(self) -> dict[str, Any]:
        """As it is said on the bus."""
        return {"name": self.name, "value": self.value, "quality": self.quality.value, "age_s": self.age_s}


@dataclass(frozen=True)
class Look:
    """What came of asking once: what was told, what is wrong, and how long it took, seconds of the house."""

    lines: tuple[Line, ...]
    problem: str
    took_s: float

    def as_details(self) -> dict[str, Any]:
        """As it is said on the bus."""
        lines = [line.as_details() for line in self.lines]
        return {"lines": lines, "problem": self.problem, "took_s": round(self.took_s, 3)}


Answer = Callable[[Look], None]
Ask = Callable[[Answer], bool]
"""Has something asked soon; whether it will be: one look at a time."""


class Looks:
    """Hears requests to look at something, and answers those that are this process's.

    Args:
        bus: where answers go.
        topics: how they are called.
        ask: by the name of a device or load, how it is asked.
    """

    def __init__(self, bus: Bus, topics: Topics, ask: Mapping[str, Ask]) -> None:
        self._bus, self._topics, self._ask = bus, topics, ask

    def on_request(self, received: Received) -> None:
        """A person's wish to look."""
        request = decode(LookRequest, received.payload)
        ask = None if request is None or received.retained else self._ask.get(request.device)
        if request is None or ask is None:
            return

        def answer(look: Look) -> None:
            self._reply(request.request_id, "LOOKED", look.problem, look.as_details(), accepted=True)

        if not ask(answer):
            text = f"{request.device} is being asked already; wait for that answer"
            self._reply(request.request_id, "BUSY", text, {}, accepted=False)

    def _reply(self, request_id: str, code: str, text: str, details: dict[str, Any], *, accepted: bool) -> None:
        reply = CommandReply(request_id=request_id, accepted=accepted, code=code, text=text, details=details)
        self._bus.publish(self._topics.reply, reply)


@dataclass
class LoadLook:
    """Looks at a load's miner and relay; one of them may be silent, as a miner without power is.

    Args:
        load: the load.
        clock: the house's.
        transports: how it is reached.
        run: does the looking where it holds up nothing else.
    """

    load: LoadConfig
    clock: Clock
    transports: Transports = SOCKETS
    run: Callable[[Callable[[], None]], None] = field(
        default=lambda work: threading.Thread(target=work, name="look", daemon=True).start()
    )
    _one: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, answer: Answer) -> bool:
        """Look, and hand over what was seen."""
        if not self._one.acquire(blocking=False):
            return False

        def work() -> None:
            try:
                answer(self.look())
            finally:
                self._one.release()

        self.run(work)
        return True

    def look(self) -> Look:
        """What miner and relay tell now."""
        began_boot_s = self.clock.boot()
        lines: list[Line] = []
        problems = [f"{what}: {problem}" for what, problem in self._each(lines) if problem]
        return Look(tuple(lines), "; ".join(problems), self.clock.boot() - began_boot_s)

    def _each(self, lines: list[Line]) -> Iterator[tuple[str, str]]:
        if self.load.miner is not None:
            yield "miner", _tried(self._of_miner, lines)
        if self.load.relay is not None:
            yield "relay", _tried(self._of_relay, lines)

    def _of_miner(self) -> Iterator[Line]:
        told = build_miner(self.load, self.clock, self.transports).read()
        yield _fact("power_w", told.power_w)
        yield _fact("temp_c", told.temp_c)
        yield _fact("hashrate_ths", told.hashrate_ths)
        yield _fact("is_asleep", told.is_asleep)

    def _of_relay(self) -> Iterator[Line]:
        relay = build_relay(self.load, self.clock, self.transports)
        if relay is None:
            return
        told = relay.read()
        yield _fact("is_closed", told.is_closed)
        yield _fact("relay_power_w", told.power_w)
        settings = relay.read_settings()
        yield _fact("auto_off_s", settings.auto_off_s)
        yield _fact("starts_open", settings.starts_open)


def _tried(read: Callable[[], Iterator[Line]], lines: list[Line]) -> str:
    """Take in what is told, as far as it comes; what is wrong, or nothing."""
    try:
        lines.extend(read())
    except (DeviceError, ConfigError) as error:
        return str(error)
    return ""


def _fact(name: str, value: float | bool | None) -> Line:
    return Line(name, value, Quality.MISSING if value is None else Quality.GOOD)
