"""A house for the guard's tests: a miner behind a relay, both honest until told otherwise, and a held clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.clock import Clock, HeldClock
from bitgrid.config import Config, LevelConfig, LoadConfig, load_config
from bitgrid.config.load import NO_RELAY_SENTENCE
from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.devices.ports import MinerReading, RelayReading, RelaySettings
from bitgrid.guard.core import Guard
from bitgrid.guard.hands import HandMaker, InlineHand
from bitgrid.guard.link import ClearTrip, GuardedLoad, GuardReport, Release, Renew, Request, encode

CONFIG_DIR = Path(__file__).parents[2] / "config"
ME = os.geteuid()
RUNNING_W = 1600.0
ASLEEP_W = 12.0


@dataclass
class FakeRelay:
    """A relay that cuts the power, unless it fails, sticks or is welded."""

    clock: Clock
    is_closed: bool = False
    is_silent: bool = False
    refuses_to_close: bool = False
    sticks: bool = False
    is_welded: bool = False
    meter: Callable[[], float] | None = None
    opens_at_boot_s: float = float("inf")
    calls: list[tuple[str, float]] = field(default_factory=list)

    @property
    def feeds(self) -> bool:
        """Whether the load gets power."""
        if self.clock.boot() >= self.opens_at_boot_s:
            self.is_closed = False
        return self.is_closed or self.is_welded

    def read(self) -> RelayReading:
        self._exchange("read")
        is_fed = self.feeds
        return RelayReading(self.is_closed, None if self.meter is None else self.meter() if is_fed else 0.0)

    def read_settings(self) -> RelaySettings:
        return RelaySettings(120, starts_open=True)

    def close_for(self, seconds: int) -> None:
        self._exchange(f"close {seconds}")
        if self.refuses_to_close:
            raise DeviceRefused("relay: over-temperature, it stays open")
        self.is_closed, self.opens_at_boot_s = True, self.clock.boot() + seconds

    def open(self) -> None:
        self._exchange("open")
        if not self.sticks:
            self.is_closed, self.opens_at_boot_s = False, float("inf")

    def count(self, what: str) -> int:
        """How often something was asked of it."""
        return sum(1 for call, _ in self.calls if call == what)

    def _exchange(self, what: str) -> None:
        self.calls.append((what, self.clock.boot()))
        if self.is_silent:
            raise DeviceSilent(f"relay 192.0.2.2: no answer to {what}")


@dataclass
class FakeMiner:
    """A miner that hashes when awake and fed."""

    relay: FakeRelay | None
    is_awake: bool = False
    is_silent: bool = False
    obeys: bool = True
    refuses_to_stop: bool = False
    told_power_w: float | None = None
    temp_c: float | None = 60.0
    stops: int = 0

    @property
    def drawn_w(self) -> float:
        """What it really draws."""
        if self.relay is not None and not self.relay.feeds:
            return 0.0
        return RUNNING_W if self.is_awake else ASLEEP_W

    def read(self) -> MinerReading:
        self._exchange()
        told_w = self.drawn_w if self.told_power_w is None else self.told_power_w
        return MinerReading(told_w, self.temp_c, None, not self.is_awake)

    def set_level(self, level: LevelConfig) -> None:
        raise AssertionError(f"the guard never starts a miner, not even at {level.name}")

    def stop(self) -> None:
        self._exchange()
        self.stops += 1
        if self.refuses_to_stop:
            raise DeviceRefused("miner 192.0.2.1: not now")
        if self.obeys:
            self.is_awake = False

    def _exchange(self) -> None:
        if self.is_silent or (self.relay is not None and not self.relay.feeds):
            raise DeviceSilent("miner 192.0.2.1: no answer")


class House:
    """One load, its guard, and somebody who can speak to it."""

    def __init__(self, *, with_relay: bool = True, step_s: float = 1.0, **load: Any) -> None:
        self.clock = HeldClock()
        self.step_s = step_s
        self.relay = FakeRelay(self.clock)
        self.miner = FakeMiner(self.relay if with_relay else None)
        if with_relay:
            self.relay.meter = lambda: self.miner.drawn_w
        self.config = site_with(with_relay=with_relay, **load)
        self.told: list[GuardReport] = []
        self.guard = self.new_guard("first")

    def new_guard(self, instance: str, executor: HandMaker = InlineHand) -> Guard:
        """A guard process as after a start."""
        relays = {"miner": self.relay} if self.miner.relay else {}
        return Guard(
            self.config,
            {"miner": self.miner},
            relays,
            self.clock,
            instance,
            executor=executor,
            tell=self.told.append,
        )

    @property
    def load(self) -> GuardedLoad:
        """The load as the guard reports it now."""
        return self.guard.report().loads["miner"]

    @property
    def cause(self) -> str | None:
        """Cause of the latched trip."""
        return self.load.trip.cause if self.load.trip else None

    def live(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """Let time pass, the guard stepping, ``each`` called before every step."""
        ends = self.clock.boot() + seconds
        while self.clock.boot() < ends - 1e-9:
            self.clock.advance(self.step_s)
            each()
            self.guard.step()

    def live_leased(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """Let time pass with the lease renewed every 15 s."""
        for _ in range(round(seconds / 15)):
            self.renew()
            self.live(15, each)

    def renew(
        self, lease_s: float = 45.0, *, lease_id: str = "lease-1", level: str = "full", uid: int = ME
    ) -> None:
        """Ask for, or prolong, a lease."""
        self.ask(
            Renew(
                load="miner",
                level=level,
                power_w=1674,
                lease_id=lease_id,
                expires_boot_s=self.clock.boot() + lease_s,
            ),
            uid,
        )

    def release(self) -> None:
        """End the lease by decision."""
        self.ask(Release(load="miner", reason="R1_INSUFFICIENT_SURPLUS"))

    def clear(self, trip_id: str | None = None) -> None:
        """Clear the trip that is latched, or the one of another id."""
        latched = self.load.trip.trip_id if self.load.trip else "none"
        self.ask(ClearTrip(load="miner", trip_id=trip_id or latched))

    def ask(self, request: Request, uid: int = ME) -> None:
        """Send a request as a user."""
        self.guard.on_datagram(encode(request), uid)

    def run(self, seconds: float = 300.0) -> None:
        """Start the guard, lease the load, wake the miner, and run until everything is calm."""
        self.guard.step()
        self.renew()
        self.miner.is_awake = True
        self.live_leased(seconds)
        assert self.miner.drawn_w == RUNNING_W
        assert self.cause is None

    def seconds_until(self, condition: Callable[[], bool], at_most: float = 600.0) -> float:
        """How long it takes until something holds."""
        began = self.clock.boot()
        while not condition():
            assert self.clock.boot() - began < at_most, f"not within {at_most} s"
            self.live(self.step_s)
        return self.clock.boot() - began


def site_with(*, with_relay: bool = True, **load: Any) -> Config:
    """The project's own configuration, its load changed."""
    config = load_config(CONFIG_DIR)
    changed: LoadConfig = config.site.loads[0].model_copy(update=load)
    if not with_relay:
        changed = changed.model_copy(update={"relay": None, "accept_no_relay": NO_RELAY_SENTENCE})
    site = config.site.model_copy(update={"loads": [changed]})
    return Config(site, config.rules, config.flags, config.policies)
