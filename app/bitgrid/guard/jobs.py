"""What is done at a device and what came of it: one job at a time, each a bounded exchange or two.

No exception leaves a job. The guard trusts no driver: whatever it raises is an exchange that failed.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Literal

from bitgrid.clock import Clock
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.ports import MinerDriver, MinerReading, RelayDriver, RelayReading

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MinerJob:
    """Read the miner, or send it to sleep."""

    what: Literal["read", "stop"]


@dataclass(frozen=True)
class MinerDid:
    """What came of a miner's job; ``error`` None: it was acknowledged. ``reading`` only after a read."""

    job: MinerJob
    at_boot_s: float
    reading: MinerReading | None = None
    error: str | None = None


@dataclass(frozen=True)
class RelayJob:
    """Read the relay, open it, or close it for ``seconds``, but not once ``not_after_boot_s`` has passed."""

    what: Literal["read", "open", "close"]
    seconds: int = 0
    not_after_boot_s: float = math.inf


@dataclass(frozen=True)
class RelayDid:
    """What came of a relay's job: the state it read afterwards at ``at_boot_s``, or the error."""

    job: RelayJob
    at_boot_s: float
    reading: RelayReading | None = None
    error: str | None = None


def do_miner(driver: MinerDriver, clock: Clock, job: MinerJob) -> MinerDid:
    """Do a miner's job. A measurement bears the time at which it was asked for."""
    at_boot_s = clock.boot()
    try:
        if job.what == "read":
            return MinerDid(job, at_boot_s, driver.read())
        driver.stop()
    except Exception as error:  # noqa: BLE001  a driver's fault is a failed exchange, never the guard's end
        return MinerDid(job, at_boot_s, error=_told(error))
    return MinerDid(job, at_boot_s)


def do_relay(driver: RelayDriver, clock: Clock, job: RelayJob) -> RelayDid:
    """Do a relay's job and read it afterwards: acknowledged is not done."""
    try:
        if job.what == "open":
            driver.open()
        elif job.what == "close":
            if clock.boot() >= job.not_after_boot_s:
                return RelayDid(job, clock.boot(), error="not closed: its lease ran out before it could be")
            driver.close_for(job.seconds)
        at_boot_s = clock.boot()
        return RelayDid(job, at_boot_s, driver.read())
    except Exception as error:  # noqa: BLE001  as above
        return RelayDid(job, clock.boot(), error=_told(error))


def _told(error: Exception) -> str:
    if not isinstance(error, DeviceError):
        log.error("a driver failed in a way it must not", exc_info=error)
    return f"{type(error).__name__}: {error}"
