"""The relay in front of a load: its output, its own timer, its persistent settings. No protocol here."""

from __future__ import annotations

from dataclasses import dataclass

from bitgrid.plant.faults import Fault


@dataclass
class RelayTimer:
    """When the output flips by itself."""

    started_s: int
    duration_s: float
    target: bool

    def is_over(self, now_s: int) -> bool:
        """Whether it has run out."""
        return now_s >= self.started_s + self.duration_s


class SimulatedRelay:
    """A relay that has just got its own power: open, its auto-off set as its site wants it.

    Args:
        auto_off_s: seconds after which it opens by itself when nobody armed it otherwise.
    """

    def __init__(self, auto_off_s: int) -> None:
        self.output = False
        self.has_meter = True
        self.is_contact_closed = False
        self.source = "init"
        self.timer: RelayTimer | None = None
        self.initial_state = "off"
        self.auto_off, self.auto_off_delay_s = True, float(auto_off_s)
        self.auto_on, self.auto_on_delay_s = False, 60.0

    def switch(self, output: bool, now_s: int, toggle_after_s: float | None, source: str) -> bool:
        """Switch the output and arm the timer: ``toggle_after_s`` if given, else auto-off or auto-on.

        Returns:
            What the output was before.
        """
        was_on, self.output, self.source = self.output, output, source
        delay_s = self._own_delay_s(output) if toggle_after_s is None else toggle_after_s
        self.timer = None if delay_s is None else RelayTimer(now_s, delay_s, not output)
        return was_on

    def step(self, now_s: int, faults: set[Fault]) -> bool:
        """Live through one second; whether the load has power."""
        if self.timer is not None and self.timer.is_over(now_s):
            self.switch(self.timer.target, now_s, None, "timer")
        sticks = self.is_contact_closed and Fault.RELAY_STUCK_CLOSED in faults
        self.is_contact_closed = self.output or sticks
        return self.is_contact_closed

    def _own_delay_s(self, output: bool) -> float | None:
        if output:
            return self.auto_off_delay_s if self.auto_off else None
        return self.auto_on_delay_s if self.auto_on else None
