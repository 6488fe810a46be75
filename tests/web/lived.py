"""A house that lives, seen through its page: the real rules, guard, drivers and plant, the application served over
a socket, and the clock in the hand. Each state is come to as a real house comes to it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.bus import EstopRequest, Handler, Health, HealthStatus, Message
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.config.loading import load_plant
from bitgrid.control.modes import Modes
from bitgrid.feeds.web import FetchError
from bitgrid.plant.faults import Fault
from bitgrid.web import Places
from bitgrid.web.view import COMPONENTS
from web.site import Site
from web.talk import Talk
from whole_house import CONFIG_DIRECTORY, WholeHouse

MORNING_S = dt.datetime(2025, 5, 14, 8, 30, tzinfo=dt.UTC).timestamp()
SUN_W, SHADE_W, HOUSEHOLD_W = 5200, 700, 420


@dataclass
class Sky:
    """Sun and household as they are set. Both move by a watt: what never moves looks frozen, and is."""

    pv_w: int = SUN_W
    house_w: int = HOUSEHOLD_W

    def at(self, epoch_s: float) -> tuple[int, int]:
        """PV power and household, W."""
        more_w = int(epoch_s // 10) % 2
        return self.pv_w + more_w, self.house_w + more_w


@dataclass
class Window:
    """The bus as the page's process has it. What it asks is heard when the house lives on, in its thread."""

    bus: MemoryBus
    _asked: deque[tuple[str, Message]] = field(default_factory=deque)

    @property
    def is_connected(self) -> bool:
        return self.bus.is_connected

    def publish(
        self, topic: str, message: Message, *, retain: bool = False, expiry_s: float | None = None
    ) -> None:
        assert not retain
        assert expiry_s is None or expiry_s > 0
        self._asked.append((topic, message))

    def subscribe(self, pattern: str, handler: Handler) -> None:
        self.bus.subscribe(pattern, handler)

    def pass_on(self) -> None:
        while self._asked:
            self.bus.publish(*self._asked.popleft())


@dataclass
class StillClock:
    """The house's clock, which stands while it is looked at; whoever waits, waits in the machine's time."""

    held: HeldClock
    speed: float = 1.0

    def now(self) -> float:
        return self.held.now()

    def boot(self) -> float:
        return self.held.boot()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))


class Lived:
    """A house that lives, and its page.

    Args:
        directory: where its data are.
        keys: the directory of accounts of a house with a log-in; None: without one.
        autonomy: what the rules may do by themselves.
        soc_pct: the battery's charge at first.
        first_run: whether nobody has set it up yet.
    """

    def __init__(
        self,
        directory: Path,
        keys: Path | None = None,
        autonomy: int = 3,
        soc_pct: float = 72.0,
        *,
        first_run: bool = False,
    ) -> None:
        self.sky, config = Sky(), _config(autonomy, first_run=first_run)
        plant = load_plant(CONFIG_DIRECTORY)
        charged = plant.model_copy(update={"battery": plant.battery.model_copy(update={"soc_start_pct": soc_pct})})
        self.house = WholeHouse(directory, MORNING_S, config, charged, self.sky, fetch=_no_network)
        modes, topics = Modes(self.house.engine, self.house.bus), self.house.topics
        self.house.bus.subscribe(topics.autonomy, modes.on_autonomy)
        self.house.bus.subscribe(topics.confirm, modes.on_confirm)
        self._window = Window(self.house.bus)
        self._silent: set[str] = set()
        self._talk = Talk(self.house.bus, self.house.clock, topics)
        self.site = Site(
            config, keys, Places(directory, CONFIG_DIRECTORY), self._window, StillClock(self.house.clock)
        )
        self.url = self.site.url

    def live(self, seconds: float) -> None:
        """Live on; whatever was asked on the page is heard at once."""
        self._window.pass_on()
        self.house.live(seconds)
        for component in COMPONENTS:
            if component not in self._silent | {"loads", "poller"}:
                self._talk.health(component)
        if "poller" not in self._silent:
            self._tell_of_devices()

    def _tell_of_devices(self) -> None:
        """What the poller's process tells of its devices."""
        pollers = dict(
            zip((device.id for device in self.house.config.site.devices), self.house.pollers, strict=True)
        )
        problems = [poller.problem for poller in pollers.values() if poller.problem]
        told = Health(
            status=HealthStatus.WARN if problems else HealthStatus.OK,
            reason="; ".join(problems),
            instance="a",
            at_s=self.house.clock.now(),
            details={name: poller.details() for name, poller in pollers.items()},
        )
        self.house.bus.publish(self.house.topics.health("poller"), told, retain=True)

    def until(self, condition: Callable[[], bool], at_most_s: int = 7200) -> None:
        """Live until something is so."""
        for _ in range(at_most_s // 10):
            if condition():
                return
            self.live(10)
        raise AssertionError(f"it never came; the house did {self.house.switches}")

    @property
    def code(self) -> str:
        """The reason of the last decision; empty before the first."""
        return self.house.decisions[-1]["code"] if self.house.decisions else ""

    def run(self) -> None:
        """A sunny morning: the miner runs, warm and steady."""
        self.until(lambda: self.house.miner_w > 700)
        self.live(400)

    def end(self, *components: str) -> None:
        """End processes as supervisord does, each with its last word."""
        self.house.kill(*components)
        self._silent |= set(components)
        for component in components:
            told = Health(status=HealthStatus.WARN, reason="stopped", instance="a", at_s=self.house.clock.now())
            self.house.bus.publish(self.house.topics.health(component), told, retain=True)


def _config(autonomy: int, *, first_run: bool) -> Config:
    config = load_config(CONFIG_DIRECTORY)
    policies = config.policies.model_copy(update={"autonomy": autonomy})
    flags = config.flags.model_copy(update={"first_run": first_run})
    return dataclasses.replace(config, policies=policies, flags=flags)


def _no_network(_url: str, **_more: object) -> bytes:
    raise FetchError("nothing can be reached")


def running(directory: Path) -> Lived:
    """The sun shines, the miner runs."""
    lived = Lived(directory)
    lived.run()
    return lived


def held(directory: Path) -> Lived:
    """The sun is gone; the miner runs on because it has only just been started."""
    lived = running(directory)
    lived.sky.pv_w = SHADE_W
    lived.until(lambda: lived.code == "R5_MIN_RUNTIME", 1800)
    lived.live(5)
    return lived


def vetoed(directory: Path) -> Lived:
    """Sun enough, but the battery is below its reserve."""
    lived = Lived(directory, soc_pct=31.0)
    lived.until(lambda: lived.code == "R2_HARD_RESERVE")
    lived.live(5)
    return lived


def waiting(directory: Path) -> Lived:
    """The rules would start the miner and wait for a person's yes."""
    lived = Lived(directory, autonomy=1)
    lived.until(lambda: lived.code == "MODE_WAITS")
    lived.live(5)
    return lived


def stopped_by_safety(directory: Path) -> Lived:
    """The miner became too hot."""
    lived = running(directory)
    lived.house.house.faults.add(Fault.MINER_HOT)
    lived.until(lambda: lived.house.miner_w < 50)
    lived.live(70)
    return lived


def emergency(directory: Path) -> Lived:
    """Somebody pressed the emergency stop."""
    lived = running(directory)
    lived.house.bus.publish(lived.house.topics.estop, EstopRequest(request_id="1" * 32, engage=True, actor="anna"))
    lived.live(70)
    return lived


def degraded(directory: Path) -> Lived:
    """The battery's inverter does not answer any more."""
    lived = running(directory)
    lived.house.house.faults.add(Fault.BATTERY_SILENT)
    lived.live(180)
    return lived


def offline(directory: Path) -> Lived:
    """The page's process has lost the broker."""
    lived = running(directory)
    lived.house.bus.is_connected = False
    lived.live(120)
    return lived


def updating(directory: Path) -> Lived:
    """Every process but the page's has been ended, to be started anew by an update."""
    lived = running(directory)
    lived.end("rules", "loads", "guard", "poller", "recorder", "feeds", "explain")
    lived.live(130)
    return lived


def unheard(directory: Path) -> Lived:
    """A house of which nothing has been heard yet."""
    return Lived(directory)


def first_run(directory: Path) -> Lived:
    """A house that runs and that nobody has set up: the sun shines, and nothing is started."""
    lived = Lived(directory, autonomy=1, first_run=True)
    lived.live(1300)
    assert lived.house.switches == []
    return lived


STATES: dict[str, Callable[[Path], Lived]] = {
    make.__name__: make
    for make in (
        running, held, vetoed, waiting, stopped_by_safety, emergency, degraded, offline, updating, unheard,
        first_run,
    )
}  # fmt: skip
"""Every state a page must be readable in, by name."""
