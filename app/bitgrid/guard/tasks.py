"""What is wanted of a miner and of a relay, and when the next try is due. Pure.

A want stays until it is *measured* to be so; what fails is tried again every second, for ever.
"""

from __future__ import annotations

import math
from typing import Literal

from bitgrid.guard.jobs import MinerDid, MinerJob, RelayDid, RelayJob
from bitgrid.guard.limits import READ_EVERY_S, RETRY_S, STOP_AGAIN_S


class MinerTask:
    """A miner is read every few seconds, and stopped for as long as its load is not off."""

    def __init__(self) -> None:
        self.stop_tried = False
        self.stop_failed = False
        self._next_stop_boot_s = -math.inf
        self._next_read_boot_s = -math.inf

    def want_stop(self) -> None:
        """Stop it, at once and anew."""
        self.stop_tried = self.stop_failed = False
        self._next_stop_boot_s = -math.inf

    def job(self, now: float, *, stopping: bool) -> MinerJob | None:
        """The next job, if one is due; ``stopping``: the load is to be off and is not."""
        if stopping and now >= self._next_stop_boot_s:
            return MinerJob("stop")
        if now >= self._next_read_boot_s:
            self._next_read_boot_s = now + READ_EVERY_S
            return MinerJob("read")
        return None

    def did(self, did: MinerDid, now: float) -> None:
        """Take in what came of a job."""
        if did.job.what == "read":
            return
        self.stop_tried = True
        self.stop_failed = did.error is not None
        self._next_stop_boot_s = now + (RETRY_S if did.error else STOP_AGAIN_S)
        self._next_read_boot_s = now


class RelayTask:
    """A relay is read every few seconds, and opened or closed until it reads so.

    Args:
        auto_off_s: the time its own timer is armed with when it is closed.
    """

    def __init__(self, auto_off_s: int) -> None:
        self.is_done = True
        self.error = ""
        self.wanted: Literal["open", "closed"] | None = None
        self._auto_off_s = auto_off_s
        self._close_until_boot_s = -math.inf
        self._undone_since_boot_s = -math.inf
        self._next_try_boot_s = -math.inf
        self._next_read_boot_s = -math.inf

    def want_open(self, now: float) -> None:
        """Open it, whatever it was last read to be."""
        self._want("open", now)

    def want_closed(self, now: float, until_boot_s: float) -> None:
        """Close it, or arm its timer anew; no longer tried once ``until_boot_s`` has passed."""
        self._close_until_boot_s = until_boot_s
        self._want("closed", now)

    def leave(self) -> None:
        """Leave it as it is and only watch."""
        self.wanted, self.is_done = None, True

    def undone_s(self, now: float) -> float:
        """For how long what is wanted has not been so."""
        return 0.0 if self.is_done else now - self._undone_since_boot_s

    def job(self, now: float) -> RelayJob | None:
        """The next job, if one is due."""
        if not self.is_done and now >= self._next_try_boot_s:
            if self.wanted == "open":
                return RelayJob("open")
            if now < self._close_until_boot_s:
                return RelayJob("close", self._auto_off_s, self._close_until_boot_s)
        if now >= self._next_read_boot_s:
            self._next_read_boot_s = now + READ_EVERY_S
            return RelayJob("read")
        return None

    def did(self, did: RelayDid, now: float) -> None:
        """Take in what came of a job."""
        if did.job.what == "read":
            return
        self.error = did.error or ""
        self._next_try_boot_s = now + RETRY_S
        asked, reads = ("open", False) if did.job.what == "open" else ("closed", True)
        if did.reading is not None and self.wanted == asked and did.reading.is_closed is reads:
            self.is_done = True

    def _want(self, state: Literal["open", "closed"], now: float) -> None:
        if self.is_done or self.wanted != state:
            self._undone_since_boot_s = now
            self._next_try_boot_s = -math.inf
        self.wanted, self.is_done = state, False
