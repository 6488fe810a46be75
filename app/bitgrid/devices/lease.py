"""The lease of one load, as `rules` granted it. Any thread may tell it; what it holds is judged by the clock.

Kept here and nowhere else: what is retained, late, twice, or meant for another load changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

from bitgrid.bus import LoadCommand, Received, decode
from bitgrid.clock import Clock
from bitgrid.config import LevelConfig, LoadConfig

OFF = "off"
LEASE_MAX_S = 45.0
"""However far ahead a command's expiry lies, no lease is held longer without another command."""
_REMEMBERED = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """The load may run at this level until ``expires_boot_s``."""

    lease_id: str
    level: LevelConfig
    expires_boot_s: float


class LeaseHolder:
    """Holds the lease of a load.

    Args:
        load: which load, and its levels.
        clock: the house's.
    """

    def __init__(self, load: LoadConfig, clock: Clock) -> None:
        self._load, self._clock = load, clock
        self._levels = {level.name: level for level in load.levels}
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._ends = 0
        self._heard_ids: deque[str] = deque(maxlen=_REMEMBERED)
        self._ended_ids: deque[str] = deque(maxlen=_REMEMBERED)

    def hear(self, received: Received) -> None:
        """Take in a message from the load's command topic."""
        command = None if received.retained else decode(LoadCommand, received.payload)
        if command is None or command.load != self._load.id:
            return
        with self._lock:
            if command.command_id in self._heard_ids or command.expires_boot_s <= self._clock.boot():
                return
            self._heard_ids.append(command.command_id)
            if command.level == OFF:
                self._end()
            else:
                self._grant(command)

    def drop(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._end()

    def look(self) -> tuple[Lease | None, int]:
        """The lease that holds now, and how often one was ended so far: by command, by time or by `drop`."""
        with self._lock:
            if self._lease is not None and self._clock.boot() >= self._lease.expires_boot_s:
                log.warning("%s: lease %s ran out", self._load.id, self._lease.lease_id)
                self._end()
            return self._lease, self._ends

    def _grant(self, command: LoadCommand) -> None:
        level, held = self._levels.get(command.level), self._lease
        if level is None:
            log.error("%s: has no level %s; the command is ignored", self._load.id, command.level)
            return
        if command.lease_id in self._ended_ids:
            log.warning("%s: lease %s has ended and does not come back", self._load.id, command.lease_id)
            return
        expires = min(command.expires_boot_s, self._clock.boot() + LEASE_MAX_S)
        if held is not None and held.lease_id == command.lease_id and expires < held.expires_boot_s:
            return
        self._lease = Lease(command.lease_id, level, expires)

    def _end(self) -> None:
        if self._lease is not None:
            self._ended_ids.append(self._lease.lease_id)
            self._lease = None
        self._ends += 1
