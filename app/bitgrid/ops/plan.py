"""What `bitgrid run` was asked for, and what that comes to: decided in full before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from bitgrid.clock import Clock, SystemClock, simulated
from bitgrid.config import Config, Site
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import project_root
from bitgrid.ops.staging import Sources, check
from bitgrid.ops.start_time import morning_of_a_day_in_may, morning_of_first_full_day, parse_start

DEFAULT_SPEED = 60.0
MAX_SPEED = 120.0
DAY_MIN = 24 * 60


@dataclass(frozen=True)
class Wishes:
    """What a person asked for; None: not said.

    Args:
        speed: seconds of the house per second of the machine.
        data: a recorded home that drives the simulated one.
        site: a file that takes the place of site.yaml.
        start: when the simulated house begins.
        keep: keep the data of the run before.
    """

    speed: float | None = None
    data: Path | None = None
    site: Path | None = None
    start: str | None = None
    keep: bool = False
    config: Path = field(default_factory=lambda: project_root() / "config")
    var: Path = field(default_factory=lambda: project_root() / "var")


@dataclass(frozen=True)
class Plan:
    """What will be run. ``starts_s`` None: on the machine's own time."""

    config: Config
    sources: Sources
    speed: float
    starts_s: float | None
    data: Path | None
    empties_data: bool

    @property
    def site(self) -> Site:
        """The house."""
        return self.config.site

    @property
    def is_simulated(self) -> bool:
        """Whether the devices are simulated too."""
        return self.site.is_loopback_only

    def start_clock(self) -> SystemClock:
        """The house's clock, beginning now."""
        return simulated(self.speed, self.starts_s)

    @property
    def pace(self) -> str:
        """How fast time passes, in words."""
        return "real time" if self.speed == 1 else f"a day in {DAY_MIN / self.speed:.0f} minutes"


def make_plan(wishes: Wishes, machine: Clock) -> Plan:
    """Check the configuration and settle what was left open.

    Raises:
        ConfigError: the configuration cannot be used.
        Refusal: the wishes contradict each other or the site.
    """
    sources = Sources(wishes.config, wishes.site)
    config = check(sources)
    if not config.site.is_loopback_only:
        return _real(config, sources, wishes)
    speed = DEFAULT_SPEED if wishes.speed is None else wishes.speed
    if not 1 <= speed <= MAX_SPEED:
        raise Refusal(
            f"SPEED={speed:g}: from 1 (real time) to {MAX_SPEED:g}. Faster than that, the safety time-outs "
            f"would be shorter than the machine's own delays."
        )
    starts_s = _starts(wishes, config.site, speed, machine)
    empties_data = starts_s is not None and not wishes.keep
    return Plan(config, sources, speed, starts_s, _absolute(wishes.data), empties_data)


def _real(config: Config, sources: Sources, wishes: Wishes) -> Plan:
    """Real devices live in real time, and what they did is kept."""
    asked = {"SPEED": wishes.speed not in (None, 1), "START": wishes.start, "DATA": wishes.data}
    wrong = [name for name, is_asked in asked.items() if is_asked]
    if wrong:
        raise Refusal(
            f"{' and '.join(wrong)} cannot be used with this site: it names devices that are not on this "
            f"machine, and real devices live in real time. Nothing was started."
        )
    return Plan(config, sources, 1.0, None, None, empties_data=False)


def _starts(wishes: Wishes, site: Site, speed: float, machine: Clock) -> float | None:
    zone = ZoneInfo(site.location.timezone)
    if wishes.data and not wishes.data.is_file():
        raise Refusal(f"DATA={wishes.data}: no such file, so nothing was started.")
    if wishes.start:
        return parse_start(wishes.start, zone)
    if wishes.data:
        return morning_of_first_full_day(wishes.data, site.location)
    return None if speed == 1 else morning_of_a_day_in_may(machine.now(), zone)


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.resolve()
