"""Time, handed in: every process takes a `Clock`, and nothing else may ask the machine what time it is.

Two times are kept apart. *Wall* time (UTC epoch seconds) only numbers blocks and labels records; it may step.
*Boot* time (seconds since boot, running on in suspend) measures ages, leases and time-outs; it never steps.
Both can run faster than the machine's own (``speed``), so that a simulated day takes minutes on the same code.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import Protocol

ENVIRONMENT_VARIABLE = "BITGRID_CLOCK"


class Clock(Protocol):
    """What a process may know of time."""

    @property
    def speed(self) -> float:
        """How many seconds of the house pass in one second of the machine."""

    def now(self) -> float:
        """Wall time, UTC epoch seconds."""

    def boot(self) -> float:
        """Boot time, seconds; for ages, leases and time-outs."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until the event is set or ``seconds`` of the house have passed; tell whether it is set."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock, or one that runs ``speed`` times as fast from a common origin.

    Args:
        speed: seconds of the house per second of the machine.
        boot_origin_s: the machine's boot time at which the simulated clock started.
        wall_origin_s: the wall time of the house at that moment; None: the machine's own wall time.
    """

    speed: float = 1.0
    boot_origin_s: float = 0.0
    wall_origin_s: float | None = None

    def now(self) -> float:
        """Wall time, UTC epoch seconds."""
        if self.wall_origin_s is None:
            return time.time()
        return self.wall_origin_s + self.boot() - self.boot_origin_s

    def boot(self) -> float:
        """Boot time, seconds."""
        machine_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        return self.boot_origin_s + (machine_s - self.boot_origin_s) * self.speed

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for the event, at most ``seconds`` of the house."""
        return event.wait(max(0.0, seconds) / self.speed)

    def to_environment(self) -> str:
        """The form in which a clock is handed to child processes (see `clock_from_environment`)."""
        wall = "" if self.wall_origin_s is None else repr(self.wall_origin_s)
        return f"{self.speed!r}:{self.boot_origin_s!r}:{wall}"


@dataclass
class HeldClock:
    """A clock held in the hand: it moves when told, and waiting moves it.

    Wall and boot time are separate on purpose, so that a test can step one without the other.
    """

    wall_s: float = 1_750_000_000.0
    boot_s: float = 1_000.0
    speed: float = 1.0

    def now(self) -> float:
        """Wall time, UTC epoch seconds."""
        return self.wall_s

    def boot(self) -> float:
        """Boot time, seconds."""
        return self.boot_s

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Move on by ``seconds`` unless the event is set already."""
        if not event.is_set():
            self.advance(seconds)
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.wall_s += seconds
        self.boot_s += seconds


def simulated(speed: float, wall_origin_s: float | None) -> SystemClock:
    """A clock that starts now: at ``wall_origin_s`` (None: at the machine's wall time) and ``speed``."""
    if speed == 1 and wall_origin_s is None:
        return SystemClock()
    boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    return SystemClock(speed, boot_s, time.time() if wall_origin_s is None else wall_origin_s)


def clock_from_environment() -> SystemClock:
    """The clock this process was given by its parent; the machine's own when it was given none.

    Raises:
        ValueError: the variable is set but not of the form ``speed:boot_origin_s:wall_origin_s``.
    """
    return clock_from_text(os.environ.get(ENVIRONMENT_VARIABLE, ""))


def clock_from_text(text: str) -> SystemClock:
    """The clock that `SystemClock.to_environment` wrote down; the machine's own for an empty text.

    Raises:
        ValueError: the text is not of the form ``speed:boot_origin_s:wall_origin_s``.
    """
    if not text:
        return SystemClock()
    speed, boot_origin_s, wall_origin_s = text.split(":")
    return SystemClock(float(speed), float(boot_origin_s), float(wall_origin_s) if wall_origin_s else None)
