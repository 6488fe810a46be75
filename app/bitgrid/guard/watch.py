"""The watch over one load: a state machine without I/O. Measurements, requests and the time in; jobs out.

A load is in one of three states: *off*, *leased*, or *winding down* towards off. It starts winding down,
because nobody knows what it did before. Only a renewal leaves off; everything else leads back to it.
Conditions are judged before requests are heard, so a late renewal never saves a lease.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bitgrid.guard import limits as built_in
from bitgrid.guard.evidence import Evidence
from bitgrid.guard.jobs import MinerDid, MinerJob, RelayDid, RelayJob
from bitgrid.guard.limits import Limits
from bitgrid.guard.link import GuardedLoad, Renew, Trip
from bitgrid.guard.tasks import MinerTask, RelayTask

log = logging.getLogger(__name__)
_FED_PAST_RELAY = "The relay reads open, yet the load has power. Its contact sticks, or the load hangs elsewhere."
_QUIET = {
    True: "No temperature for {:.0f} s. Look at the miner's network cable and at its own page.",
    False: "The relay has not answered for {:.0f} s. Look at its power and its network.",
}
"""By whether there is a miner to ask."""
Cause = Literal["heat", "silence", "lease_expired", "unleased_power", "relay_fault"]


@dataclass(frozen=True)
class _Lease:
    lease_id: str
    level: str
    began_boot_s: float
    expires_boot_s: float


@dataclass(frozen=True)
class _WindDown:
    """On the way to off. A gentle one lets the fans run on, and a new lease may cut it short."""

    began_boot_s: float
    cut_at_boot_s: float
    is_gentle: bool = False


class Watch:
    """The guard's watch over one load.

    Args:
        name: the load.
        limits: what it is held to.
        now: boot time.
        new_trip_id: makes an id that no other trip has.
    """

    def __init__(self, name: str, limits: Limits, now: float, new_trip_id: Callable[[], str]) -> None:
        self.trip: Trip | None = None
        self._name = name
        self._limits = limits
        self._new_trip_id = new_trip_id
        self._seen = Evidence(limits.off_below_w, now)
        self._miner = MinerTask()
        self._relay = None if limits.auto_off_s is None else RelayTask(limits.auto_off_s)
        self._lease: _Lease | None = None
        self._ended_lease_id: str | None = None
        self._refusal: str | None = None
        self._news_temp_c: float | None = None
        self._is_stuck_told = False
        self._drew_on_w: float | None = None
        self._is_closing = False
        self._down: _WindDown | None = _WindDown(now, now + built_in.CUT_AFTER_S)

    # -- what is asked ------------------------------------------------------------------------------------

    def renew(self, request: Renew, now: float) -> None:
        """Begin or prolong a lease, or remember why not."""
        self.step(now)
        self._refusal = self._why_not(request, now)
        if self._refusal is not None:
            log.warning("%s: renewal of lease %s refused: %s", self._name, request.lease_id, self._refusal)
            return
        if self._lease is None:
            log.info("%s: lease %s begins at level %s", self._name, request.lease_id, request.level)
            self._down = None
        began = self._lease.began_boot_s if self._lease else now
        self._lease = _Lease(request.lease_id, request.level, began, request.expires_boot_s)
        if self._relay is not None:
            self._relay.want_closed(now, request.expires_boot_s)

    def release(self, reason: str, now: float) -> None:
        """End the lease by decision: stop the miner, let it cool, then cut its power.

        One that still boots hears no stop and would begin to hash when it is up; it has nothing to cool either.
        """
        self.step(now)
        if self._lease is None:
            return
        log.info("%s: released: %s", self._name, reason)
        patience_s = built_in.CUT_AFTER_COOLDOWN_S if self._limits.has_miner else 0.0
        cut_at = now if self._boots(self._lease, now) else now + self._limits.cooldown_s + patience_s
        self._wind_down(_WindDown(now, cut_at, is_gentle=True))

    def clear(self, trip_id: str) -> None:
        """Hear renewals again, if this is the trip that is latched."""
        if self.trip is not None and self.trip.trip_id == trip_id:
            log.info("%s: trip %s cleared", self._name, trip_id)
            self.trip = None

    def close(self, now: float) -> None:
        """The guard ends: stop the load, hear no renewal any more."""
        self._is_closing = True
        self._wind_down(_WindDown(now, now + built_in.CUT_AFTER_S))

    # -- what is measured ---------------------------------------------------------------------------------

    def miner_did(self, did: MinerDid, now: float) -> None:
        """Take in what came of a miner's job."""
        self._miner.did(did, now)
        if did.reading is not None:
            self._seen.miner_told(did.reading, did.at_boot_s)
            if self._seen.temp_at_boot_s == did.at_boot_s:
                self._news_temp_c = self._seen.temp_c

    def relay_did(self, did: RelayDid, now: float) -> None:
        """Take in what came of a relay's job."""
        if self._relay is None:
            return
        self._relay.did(did, now)
        if did.reading is None:
            self._seen.relay_silent()
        else:
            self._seen.relay_told(did.reading, did.at_boot_s)

    # -- what is to be done -------------------------------------------------------------------------------

    def miner_job(self, now: float) -> MinerJob | None:
        """The miner's next job, if one is due; a load without one is stopped by its relay alone."""
        if not self._limits.has_miner:
            return None
        stopping = self._down is not None and not (self._miner.stop_tried and self._seen.is_off(now))
        return self._miner.job(now, stopping=stopping)

    def relay_job(self, now: float) -> RelayJob | None:
        """The relay's next job, if one is due."""
        return self._relay.job(now) if self._relay else None

    def step(self, now: float) -> None:
        """Judge what is known; then take a wind-down further."""
        if self._lease is not None:
            self._judge_lease(self._lease, now)
        self._judge_heat(now)
        self._judge_unleased(now)
        if self._down is not None:
            self._judge_stuck(self._down, now)
            self._advance(self._down, now)

    # -- what is told -------------------------------------------------------------------------------------

    def is_off(self, now: float) -> bool:
        """Whether the load is measured to be off, and may stay so or be leased: nothing is under way."""
        is_settled = self._down is None or self._down.is_gentle
        return self._lease is None and is_settled and self._seen.is_off(now)

    def view(self, now: float) -> GuardedLoad:
        """The load as it is told to `rules`."""
        lease, seen = self._lease, self._seen
        return GuardedLoad(
            relay=seen.relay(now) if self._relay else "none",
            level=lease.level if lease else "off",
            lease_id=lease.lease_id if lease else None,
            lease_left_s=max(0.0, lease.expires_boot_s - now) if lease else 0.0,
            power_w=seen.power_w(now),
            temp_c=seen.temp_c,
            answer_age_s=None if seen.answer_at_boot_s is None else now - seen.answer_at_boot_s,
            confirmed_off=self.is_off(now),
            trip=self.trip,
            refusal=self._refusal,
        )

    # -- inside -------------------------------------------------------------------------------------------

    def _why_not(self, request: Renew, now: float) -> str | None:
        longest_s = built_in.LEASE_MAX_S + built_in.LEASE_TOLERANCE_S
        reasons = (
            (self._is_closing, "the guard is ending"),
            (self.trip is not None, "a trip is latched and not cleared"),
            (not now < request.expires_boot_s <= now + longest_s, "its expiry is not within the next 45 s"),
            (request.lease_id == self._ended_lease_id, "this lease has ended and does not come back"),
            (self._was_hot(now), "the load was last seen at its temperature limit"),
            (self._lease is None and not self.is_off(now), "the load is not measured to be off"),
        )
        return next((reason for holds, reason in reasons if holds), None)

    def _was_hot(self, now: float) -> bool:
        """A load that cannot be asked, its power being cut, counts as cool after a while."""
        temp_c, at_boot_s = self._seen.temp_c, self._seen.temp_at_boot_s
        if temp_c is None or at_boot_s is None or temp_c < self._limits.max_temp_c:
            return False
        return now - at_boot_s <= built_in.HEAT_MEMORY_S

    def _boots(self, lease: _Lease, now: float) -> bool:
        """Whether the miner has neither answered nor drawn power since its lease began."""
        answered_at = self._seen.answer_at_boot_s
        is_silent = answered_at is None or answered_at < lease.began_boot_s
        return self._limits.has_miner and is_silent and not self._seen.draws(now)

    def _judge_lease(self, lease: _Lease, now: float) -> None:
        if now >= lease.expires_boot_s:
            cut_at = lease.expires_boot_s + built_in.CUT_AFTER_EXPIRY_S
            text = "No renewal came before the lease ran out. Look at the log of the rules service."
            self._trip("lease_expired", text, now, cut_at)
        elif (quiet_s := self._quiet_s(lease, now)) > self._limits.comm_timeout_s:
            self._trip("silence", _QUIET[self._limits.has_miner].format(quiet_s), now)
        elif fault := self._lease_fault(now):
            self._trip("relay_fault", fault, now)

    def _quiet_s(self, lease: _Lease, now: float) -> float:
        if not self._limits.has_miner:
            return now - max(lease.began_boot_s, self._seen.relay_at_boot_s)
        grace_ends = lease.began_boot_s + self._limits.boot_grace_s
        seen_at = self._seen.temp_at_boot_s
        return now - (grace_ends if seen_at is None else max(grace_ends, seen_at))

    def _lease_fault(self, now: float) -> str:
        relay = self._relay
        if relay is None or relay.wanted != "closed":
            return ""
        if relay.is_done:
            found_open = self._seen.relay(now) == "open"
            return "The relay was opened by hand, by its own timer or by another." if found_open else ""
        if relay.undone_s(now) <= self._limits.rearm_patience_s:
            return ""
        return (
            f"The relay could not be closed or re-armed ({relay.error or 'it stays open'}). Look at its network."
        )

    def _judge_heat(self, now: float) -> None:
        temp_c, self._news_temp_c = self._news_temp_c, None
        is_stopping = self._down is not None and not self._down.is_gentle
        if temp_c is None or temp_c < self._limits.max_temp_c or is_stopping or self.is_off(now):
            return
        text = f"{temp_c:.1f} °C, the limit is {self._limits.max_temp_c:.1f} °C. Look for dust, fans and warm air."
        self._trip("heat", text, now)

    def _judge_unleased(self, now: float) -> None:
        if self._lease is not None or self._down is not None:
            return
        if self._seen.draws(now):
            text = (
                f"It draws {self._seen.power_w(now):.0f} W without a lease. Look who started it, and at its relay."
            )
            self._trip("unleased_power", text, now)
        elif self._relay is not None and self._seen.relay(now) == "closed":
            self._trip("unleased_power", "Its relay was closed without a lease. Look who closed it.", now)
        elif self._seen.is_fed_past_relay(now):
            self._trip("relay_fault", _FED_PAST_RELAY, now)
            self._is_stuck_told = True

    def _judge_stuck(self, down: _WindDown, now: float) -> None:
        """A load that does not come off is told once; the tries go on."""
        if self._is_stuck_told or self.trip is not None:
            return
        relay, patience_s = self._relay, self._limits.open_patience_s
        if relay is not None and relay.wanted == "open" and relay.undone_s(now) > patience_s:
            text = f"The relay does not open ({relay.error or 'it says so, and stays closed'}). Unplug the load."
            self._latch("relay_fault", text, now)
        elif now > down.cut_at_boot_s + patience_s and self._seen.draws(now):
            way = "it has no relay" if relay is None else "its relay reads open"
            text = f"It still draws {self._seen.power_w(now):.0f} W although stopped, and {way}. Unplug the load."
            self._latch("unleased_power", text, now)
        elif now > down.cut_at_boot_s + patience_s and self._seen.is_fed_past_relay(now):
            self._latch("relay_fault", _FED_PAST_RELAY, now)
        self._is_stuck_told = self.trip is not None

    def _trip(self, cause: Cause, text: str, now: float, cut_at_boot_s: float | None = None) -> None:
        if self.trip is None:
            self._latch(cause, text, now)
        cut_at = now + built_in.CUT_AFTER_S if cut_at_boot_s is None else cut_at_boot_s
        self._wind_down(_WindDown(now, cut_at))

    def _latch(self, cause: Cause, text: str, now: float) -> None:
        log.error("%s: stopped by the guard: %s: %s", self._name, cause, text)
        self.trip = Trip(trip_id=self._new_trip_id(), cause=cause, at_boot_s=now, text=text)

    def _wind_down(self, down: _WindDown) -> None:
        if self._lease is not None:
            self._ended_lease_id, self._lease = self._lease.lease_id, None
        if self._down is not None:
            down = replace(down, cut_at_boot_s=min(down.cut_at_boot_s, self._down.cut_at_boot_s))
        self._down = down
        self._seen.forget_off(down.began_boot_s)
        self._miner.want_stop()
        if self._relay is not None:
            self._relay.leave()

    def _advance(self, down: _WindDown, now: float) -> None:
        relay, is_off = self._relay, self._seen.is_off(now)
        if relay is None:
            is_over = is_off
        else:
            if relay.wanted != "open" and self._is_cut_due(down, now):
                self._drew_on_w = self._seen.power_w(now) if self._draws_on(down, now) else None
                relay.want_open(now)
            is_over = is_off and relay.wanted == "open" and relay.is_done
        if is_over:
            self._down, self._is_stuck_told = None, False
            self._tell_drawing_on(now)

    def _draws_on(self, down: _WindDown, now: float) -> bool:
        """Whether a miner that was stopped and given its time does not come off by itself."""
        return down.is_gentle and self._limits.has_miner and self._seen.draws(now)

    def _tell_drawing_on(self, now: float) -> None:
        """One that had to be cut off is told once it is off, unless something worse was told before."""
        drew_on_w, self._drew_on_w = self._drew_on_w, None
        if drew_on_w is not None and self.trip is None:
            self._latch(
                "unleased_power", f"It drew {drew_on_w:.0f} W on although stopped; its relay cut it off.", now
            )

    def _is_cut_due(self, down: _WindDown, now: float) -> bool:
        if now >= down.cut_at_boot_s or not (down.is_gentle or self._limits.has_miner):
            return True
        if not down.is_gentle:
            return self._miner.stop_failed or self._seen.is_off(now)
        low_since = self._seen.low_since_boot_s
        return low_since is not None and now - max(low_since, down.began_boot_s) >= self._limits.cooldown_s
