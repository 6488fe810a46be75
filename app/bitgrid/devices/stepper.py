"""A thread that steps one thing again and again, so that a device that hangs never holds up another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from bitgrid.clock import Clock

HUNG_AFTER_MACHINE_S = 60.0
_RETRY_S = 5.0

log = logging.getLogger(__name__)


class Stepper:
    """Steps something in a thread of its own, which ends with the process.

    Args:
        name: for logs.
        step: does what is due; seconds of the house until more is.
        clock: the house's.
        finish: done once, in the same thread, when it is told to stop.
    """

    def __init__(
        self, name: str, step: Callable[[], float], clock: Clock, finish: Callable[[], None] = lambda: None
    ) -> None:
        self._name, self._step, self._clock, self._finish = name, step, clock, finish
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._error = ""
        self._began_boot_s: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Step now, not when it would be due."""
        self._woken.set()

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        self._woken.set()

    def join(self, timeout_machine_s: float) -> None:
        """Wait for the end, at most so long."""
        self._thread.join(timeout_machine_s)

    @property
    def fault(self) -> str:
        """Why it does not do its work: its last step failed, it hangs, it ended. Empty when it does."""
        began = self._began_boot_s
        if began is not None and self._clock.boot() - began > HUNG_AFTER_MACHINE_S * self._clock.speed:
            return f"{self._name}: has hung for more than {HUNG_AFTER_MACHINE_S:.0f} s"
        return self._error

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._began_boot_s = self._clock.boot()
            due_s = self._safely(self._step)
            self._began_boot_s = None
            self._clock.wait(self._woken, _RETRY_S if due_s is None else due_s)
            self._woken.clear()
        self._safely(self._finish)

    def _safely(self, work: Callable[[], float | None]) -> float | None:
        try:
            done = work()
        except Exception as error:  # the thread outlives every fault; the reason is told
            log.exception("%s: step failed", self._name)
            self._error = f"{self._name}: {type(error).__name__}: {error}"
            return None
        self._error = ""
        return done
