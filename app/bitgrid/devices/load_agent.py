"""Keeps one load at what its lease says, and off without one. It holds no thread; somebody steps it.

It has two hands, one at the miner and one at the relay, which may be stepped by two threads: a miner that hangs,
as one without power does, neither ages the relay's meter nor delays the relay's opening.

A load runs on a lease and on nothing else: when the lease ends, by command or by time, the miner is stopped, again
and again until its power is measured to be gone; if that takes too long its relay is opened, and that is told as
a safety event. Nothing here closes a relay: that is the guard's alone. A new agent holds no lease, so the first
thing it does is to stop its load.

A load without a miner is off when its relay reads open and on when it reads closed: whether a boiler draws is for
its thermostat to say.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from bitgrid.bus import Bus, LoadSafetyEvent, Received, Topics
from bitgrid.clock import Clock
from bitgrid.config import LoadConfig
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.lease import OFF, Lease, LeaseHolder
from bitgrid.devices.load_watch import LoadWatch
from bitgrid.devices.ports import MinerDriver, RelayDriver
from bitgrid.devices.tries import Tries

STEP_S = 1.0
STOP_AGAIN_S = 5.0
CHECK_EVERY_S = 15.0
CUT_PATIENCE_S = 10.0
STARTS_WITH_LEFT_S = 25.0
"""A lease of 45 s is renewed every 15 s; with less than this left, a renewal and five seconds more are missed."""
LEVEL_TOLERANCE = 0.25
SAFETY = "safety"
"""Under this name a safety event stands in a load's details until the load is leased again."""
_MAX_JOBS = 8

log = logging.getLogger(__name__)


class LoadAgent:
    """Drives one load.

    Args:
        load: the load.
        miner: its miner.
        relay: its relay; None when it has none.
        bus: where its measurements go.
        topics: how they are called.
        clock: the house's.
    """

    def __init__(  # noqa: PLR0913, PLR0917  a load has this many sides
        self,
        load: LoadConfig,
        miner: MinerDriver,
        relay: RelayDriver | None,
        bus: Bus,
        topics: Topics,
        clock: Clock,
    ) -> None:
        self._load, self._miner, self._relay, self._clock = load, miner, relay, clock
        self._watch = LoadWatch(load, miner, relay, bus, topics, clock)
        self._holder = LeaseHolder(load, clock)
        self._lease: Lease | None = None
        self._ends_seen = 0
        self._was_off = self._boots = False
        self._since_boot_s = clock.boot()
        self._stopping, self._cutting = Tries(STOP_AGAIN_S), Tries(STOP_AGAIN_S)
        self._running = Tries(CHECK_EVERY_S)
        self._command_error = ""
        self._event: LoadSafetyEvent | None = None
        self._cut_after_s = load.cooldown_s + (CUT_PATIENCE_S if load.miner else 0.0)
        self._lock = threading.Lock()

    # -- what is asked ------------------------------------------------------------------------------------

    def on_command(self, received: Received) -> None:
        """Take in a message from the load's command topic, in any thread; then have `step` called at once."""
        self._holder.hear(received)

    def step(self) -> float:
        """Step both hands, one after the other; seconds until the next step."""
        self.step_miner()
        return self.step_relay()

    def step_miner(self) -> float:
        """Do what is due at the miner; seconds until the next step."""
        return self._work(self._miner_job)

    def step_relay(self) -> float:
        """Do what is due at the relay; seconds until the next step."""
        return self._work(self._relay_job)

    def close(self) -> None:
        """The process ends: hold no lease, and try once to stop the load, unless it is off."""
        was_off = self.is_confirmed_off
        self._holder.drop()
        if not was_off:
            self._command(self._miner.stop, self._stopping)

    # -- what is told -------------------------------------------------------------------------------------

    @property
    def is_confirmed_off(self) -> bool:
        """Whether, since it was last stopped, its power was measured to be gone."""
        return self._lease is None and self._is_off(self._clock.boot())

    @property
    def problem(self) -> str:
        """What a person should look at; empty when nothing. Being slow within the configured times is none."""
        now, lease = self._clock.boot(), self._lease
        for_s = now - self._since_boot_s
        if lease is None:
            is_late = for_s > self._load.cooldown_s + CUT_PATIENCE_S and not self._is_off(now)
            return f"{self._load.id} is not proven to be off: {self._told(now)}" if is_late else ""
        if for_s > self._load.boot_grace_s and self._last_error:
            return f"{self._load.id}: {self._last_error}"
        if for_s > self._load.boot_grace_s + self._load.ramp_s and not self._runs_as_asked(lease, now):
            return f"{self._load.id} does not run at {lease.level.name}: {self._told(now)}"
        return ""

    def details(self) -> dict[str, Any]:
        """The load as `loads` sees it, for the health message."""
        now, lease, event = self._clock.boot(), self._lease, self._event
        told = {
            "level": lease.level.name if lease else OFF,
            "lease_id": lease.lease_id if lease else None,
            "lease_left_s": round(max(0.0, lease.expires_boot_s - now), 1) if lease else 0.0,
            "power_w": self._watch.power_w(now),
            "confirmed_off": self.is_confirmed_off,
            "last_error": self._last_error,
        }
        return told if event is None else told | {SAFETY: event.model_dump(mode="json", by_alias=True)}

    @property
    def _last_error(self) -> str:
        if self._lease is None and self._watch.is_cut(self._clock.boot()):
            return self._watch.relay_error  # a miner without power may be silent
        return self._command_error or self._watch.miner_error or self._watch.relay_error

    def _told(self, now: float) -> str:
        power_w = self._watch.power_w(now)
        measured = "its power is not measured" if power_w is None else f"it draws {power_w:.0f} W"
        return f"{measured}. {self._last_error or 'It answers; look at its own page.'}"

    # -- what the lease says ------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Turn to what the lease says now, and to what the load does without one."""
        lease, ends = self._holder.look()
        now = self._clock.boot()
        if ends != self._ends_seen:
            self._ends_seen = ends
            self._turn(None, now)
        if lease is not None:
            self._take(lease, now)
        elif self._is_off(now):
            self._was_off = True
        elif self._was_off and self._draws(now):
            log.error("%s: %s, without a lease", self._load.id, self._told(now))
            self._turn(None, now)

    def _take(self, lease: Lease, now: float) -> None:
        held = self._lease
        if held is None or (held.lease_id, held.level) != (lease.lease_id, lease.level):
            self._turn(lease, now)
        self._lease = lease

    def _turn(self, lease: Lease | None, now: float) -> None:
        log.info("%s: to be %s", self._load.id, lease.level.name if lease else OFF)
        self._boots = lease is None and self._is_booting(now)
        self._lease, self._since_boot_s = lease, now
        self._was_off, self._command_error = False, ""
        if lease is not None:
            self._event = None
        for tries in (self._stopping, self._cutting, self._running):
            tries.restart()

    def _is_booting(self, now: float) -> bool:
        """Whether its miner has neither answered nor drawn power since it was leased: it hears no stop yet."""
        return (
            self._lease is not None
            and self._load.miner is not None
            and not self._watch.has_answered(self._since_boot_s)
            and not self._draws(now)
        )

    # -- what is measured ---------------------------------------------------------------------------------

    def _draws(self, now: float) -> bool:
        power_w = self._watch.power_w(now)
        return power_w is not None and power_w >= self._load.off_below_w

    def _is_off(self, now: float) -> bool:
        """Proven by what was asked for after a stop was tried: its power is low, or its relay reads open."""
        since = self._stopping.tried_boot_s
        if since is None:
            return False
        power_w = self._watch.power_w(now, since) if self._load.miner else None
        return self._watch.is_cut(now, since) if power_w is None else power_w < self._load.off_below_w

    def _runs_as_asked(self, lease: Lease, now: float) -> bool:
        """Whether it draws power since it was told to; and, its ramp being over, as much as its level says.

        Where nothing measures its power, its hash rate tells that it runs.
        """
        since = self._running.succeeded_boot_s
        if since is None or self._watch.is_asleep(now, since):
            return False
        if self._load.miner is None:
            return self._watch.is_fed(now, since)
        power_w = self._watch.power_w(now, since)
        if power_w is None:
            return self._watch.is_hashing(now, since)
        if power_w < self._load.off_below_w:
            return False
        wanted_w = lease.level.power_w
        is_ramping = now - self._since_boot_s <= self._load.boot_grace_s + self._load.ramp_s
        return is_ramping or abs(power_w - wanted_w) <= LEVEL_TOLERANCE * wanted_w

    # -- what is done -------------------------------------------------------------------------------------

    def _work(self, next_job: Callable[[float], Callable[[], None] | None]) -> float:
        """One exchange at a time, the most urgent first; the lease is looked at before and after each."""
        for _ in range(_MAX_JOBS):
            with self._lock:
                self._follow()
                job = next_job(self._clock.boot())
            if job is None:
                break
            job()
        return STEP_S

    def _miner_job(self, now: float) -> Callable[[], None] | None:
        lease = self._lease
        if lease is None and self._stopping.is_due(now) and not self._is_off(now):
            return partial(self._command, self._miner.stop, self._stopping)
        if lease is not None and self._may_start(lease, now) and not self._runs_as_asked(lease, now):
            return partial(self._command, partial(self._miner.set_level, lease.level), self._running)
        return self._watch.read_miner if self._watch.is_miner_due(now) else None

    def _may_start(self, lease: Lease, now: float) -> bool:
        """A lease whose renewal is overdue starts nothing: what ended it may not have come through."""
        return self._running.is_due(now) and lease.expires_boot_s - now >= STARTS_WITH_LEFT_S

    def _relay_job(self, now: float) -> Callable[[], None] | None:
        relay = self._relay
        is_wanted = self._lease is None and (self._boots or not self._is_off(now))
        if relay is not None and is_wanted and self._is_cut_due(now):
            self._tell_cut(now)
            return partial(self._command, relay.open, self._cutting)
        return self._watch.read_relay if self._watch.is_relay_due(now) else None

    def _is_cut_due(self, now: float) -> bool:
        if self._watch.is_cut(now, self._since_boot_s) or not self._cutting.is_due(now):
            return False
        return self._boots or now - self._since_boot_s >= self._cut_after_s

    def _tell_cut(self, now: float) -> None:
        """Cutting a load off that was told to stop, and did not, is a safety event; one for each stop."""
        if self._load.miner is None or self._boots or self._event is not None:
            return
        waited_s = now - self._since_boot_s
        text = f"{waited_s:.0f} s after it was stopped {self._told(now)} Its relay is opened."
        log.error("%s: %s", self._load.id, text)
        self._event = LoadSafetyEvent(event_id=uuid.uuid4().hex, cause="stop_ignored", at_boot_s=now, text=text)

    def _command(self, exchange: Callable[[], None], tries: Tries) -> None:
        began, error_text = self._clock.boot(), ""
        try:
            exchange()
        except DeviceError as error:
            error_text = str(error)
        with self._lock:
            self._command_error = error_text
            tries.tried(began, self._clock.boot(), failed=bool(error_text))
            self._watch.read_soon()
