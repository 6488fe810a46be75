"""Who does a device's jobs: one hand a device, one job at a time, so that what is asked stays in order.

An `InlineHand` does a job on the spot (tests that hold the clock). A `ThreadHand` does it in a thread of its
own, so that a miner that hangs never holds up its relay, nor the watch over another load.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from bitgrid.clock import Clock

HUNG_AFTER_MACHINE_S = 60.0

J = TypeVar("J")
D = TypeVar("D")
J_contra = TypeVar("J_contra", contravariant=True)


class HandLost(Exception):
    """A hand died or hangs. The guard must end: it is started anew, and a start puts every load off."""


class Hand(Protocol[J_contra, D]):
    """Does jobs; says what came of them."""

    @property
    def is_free(self) -> bool:
        """Whether it can take a job."""

    def do(self, job: J_contra) -> None:
        """Take a job; only when free."""

    def take(self) -> list[D]:
        """What came of jobs since last asked.

        Raises:
            HandLost: it died or hangs.
        """


class HandMaker(Protocol):
    """Makes a hand: its name for people, how it does a job, and the clock."""

    def __call__(self, name: str, perform: Callable[[J], D], clock: Clock) -> Hand[J, D]:
        """A hand, ready."""


class InlineHand(Generic[J, D]):
    """Does a job when it is given."""

    is_free = True

    def __init__(self, name: str, perform: Callable[[J], D], clock: Clock) -> None:  # noqa: ARG002  as `HandMaker`
        self._perform = perform
        self._done: list[D] = []

    def do(self, job: J) -> None:
        """Do it now."""
        self._done.append(self._perform(job))

    def take(self) -> list[D]:
        """What came of it."""
        done, self._done = self._done, []
        return done


class ThreadHand(Generic[J, D]):
    """Does jobs in a thread of its own, which ends with the process."""

    def __init__(self, name: str, perform: Callable[[J], D], clock: Clock) -> None:
        self._perform = perform
        self._clock = clock
        self._busy_since_boot_s: float | None = None
        self._jobs: queue.SimpleQueue[J] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[D] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def is_free(self) -> bool:
        """Whether no job is under way."""
        return self._busy_since_boot_s is None

    def do(self, job: J) -> None:
        """Hand it to the thread."""
        self._busy_since_boot_s = self._clock.boot()
        self._jobs.put(job)

    def take(self) -> list[D]:
        """What came of the job, if it is done."""
        try:
            done = self._done.get_nowait()
        except queue.Empty:
            self._check()
            return []
        self._busy_since_boot_s = None
        return [done]

    def _check(self) -> None:
        if not self._thread.is_alive():
            raise HandLost(f"the thread of {self._thread.name} ended; the guard ends too and is started anew")
        since = self._busy_since_boot_s
        if since is not None and self._clock.boot() - since > HUNG_AFTER_MACHINE_S * self._clock.speed:
            raise HandLost(
                f"{self._thread.name} has hung for {HUNG_AFTER_MACHINE_S:.0f} s; the guard is started anew"
            )

    def _work(self) -> None:
        while True:
            self._done.put(self._perform(self._jobs.get()))
