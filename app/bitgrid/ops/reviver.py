"""Revives what supervisord has given up: after some quick failures it does so for ever. Stepped by its process."""

from __future__ import annotations

import logging

from bitgrid.clock import Clock
from bitgrid.ops.revival import Revival
from bitgrid.ops.supervisor_client import FATAL, Supervisor, SupervisorAway

LOOK_INTERVAL_S = 60.0

log = logging.getLogger(__name__)


class Reviver:
    """Knows of failures by event, and looks for itself once a minute in case an event was lost."""

    def __init__(self, supervisor: Supervisor, clock: Clock) -> None:
        self._supervisor, self._clock = supervisor, clock
        self._revival = Revival()
        self._next_look_s = 0.0

    def on_fatal(self, name: str) -> None:
        """Take note of a program that supervisord has given up."""
        delay_s = self._revival.failed(name, self._clock.boot())
        log.warning("%s was given up; it is started again in %.0f s", name, delay_s)

    def step(self) -> float:
        """Start what is due; returns the seconds until there may be something to do."""
        now_s = self._clock.boot()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOK_INTERVAL_S
            self._look()
        for name in self._revival.take_due(now_s):
            self._start(name)
        until_due_s = self._revival.seconds_until_due(now_s)
        until_look_s = self._next_look_s - now_s
        return until_look_s if until_due_s is None else min(until_due_s, until_look_s)

    def _look(self) -> None:
        try:
            found = self._supervisor.programs()
        except SupervisorAway as error:
            log.warning("%s", error)
            return
        for info in found:
            if info.state == FATAL:
                self.on_fatal(info.name)

    def _start(self, name: str) -> None:
        log.info("starting %s again", name)
        try:
            self._supervisor.start(name)
        except SupervisorAway as error:
            log.warning("%s", error)
            self.on_fatal(name)
