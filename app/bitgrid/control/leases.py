"""Leases: a running load is a lease, not a state. 45 s long, renewed every 15 s, and by nobody else.

A lease belongs to a recorded decision. Sending is the only thing done here; whether to renew is the engine's word.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from bitgrid.bus import Bus, LoadCommand, Topics
from bitgrid.clock import Clock
from bitgrid.control.controllers import Instances
from bitgrid.guard.link import Release, Renew
from bitgrid.kernel import OFF, Decision

LEASE_S = 45.0
RENEW_EVERY_S = 15.0
OFF_COMMAND_S = 60.0

GuardSend = Callable[[Renew | Release], None]


@dataclass
class Standing:
    """A recorded decision that keeps a load running, and the lease it holds."""

    decision: Decision
    decision_id: str
    lease_id: str
    holders: Instances
    began_boot_s: float
    started_boot_s: float | None
    renewed_boot_s: float = float("-inf")


class Leases:
    """The leases of all loads."""

    def __init__(self, bus: Bus, topics: Topics, clock: Clock, guard_send: GuardSend) -> None:
        self._bus, self._topics, self._clock, self._guard_send = bus, topics, clock, guard_send
        self._standing: dict[str, Standing] = {}

    def of(self, load: str) -> Standing | None:
        """What stands for a load."""
        return self._standing.get(load)

    def grant(self, decision: Decision, decision_id: str, holders: Instances) -> None:
        """Begin a lease: the load starts."""
        lease_id, now_boot_s = uuid.uuid4().hex, self._clock.boot()
        self._standing[decision.load.id] = Standing(
            decision, decision_id, lease_id, holders, now_boot_s, started_boot_s=now_boot_s
        )
        self.renew(decision.load.id)

    def take_over(self, decision: Decision, decision_id: str, lease_id: str, holders: Instances) -> None:
        """Go on with a lease that an earlier process of the rules began."""
        now_boot_s = self._clock.boot()
        self._standing[decision.load.id] = Standing(
            decision, decision_id, lease_id, holders, now_boot_s, started_boot_s=None
        )
        self.renew(decision.load.id)

    def stand(self, decision: Decision, decision_id: str) -> None:
        """A further decision keeps the load running, at this or another level, on the lease it has."""
        standing = self._standing.get(decision.load.id)
        if standing is None:
            return
        changed = standing.decision.level != decision.level
        standing.decision, standing.decision_id = decision, decision_id
        if changed:
            self.renew(decision.load.id)

    def is_due(self, load: str) -> bool:
        """Whether a lease wants to be renewed."""
        standing = self._standing.get(load)
        return standing is not None and self._clock.boot() - standing.renewed_boot_s >= RENEW_EVERY_S

    def renew(self, load: str) -> None:
        """Send the lease, good for `LEASE_S` from now, to the guard and to `loads`."""
        standing = self._standing[load]
        now_boot_s = self._clock.boot()
        decision, standing.renewed_boot_s = standing.decision, now_boot_s
        expires_boot_s = now_boot_s + LEASE_S
        self._guard_send(
            Renew(
                load=load,
                level=decision.level,
                power_w=decision.power_w,
                lease_id=standing.lease_id,
                expires_boot_s=expires_boot_s,
            )
        )
        self._command(load, decision.level, decision.power_w, standing, expires_boot_s, decision.code.value)

    def release(self, load: str, decision_id: str, reason: str) -> None:
        """End the lease and send the load to sleep; also sent where none is known, because off is always right."""
        standing = self._standing.pop(load, None)
        self._guard_send(Release(load=load, reason=reason))
        expires_boot_s = self._clock.boot() + OFF_COMMAND_S
        ending = standing or _NoLease(decision_id)
        self._command(load, OFF, 0, ending, expires_boot_s, reason)

    def left_s(self, load: str) -> float:
        """Seconds until the lease runs out; 0 without one."""
        standing = self._standing.get(load)
        return 0.0 if standing is None else max(0.0, standing.renewed_boot_s + LEASE_S - self._clock.boot())

    def _command(  # noqa: PLR0913, PLR0917  a command has this many parts
        self, load: str, level: str, power_w: int, lease: Standing | _NoLease, expires_boot_s: float, reason: str
    ) -> None:
        command = LoadCommand(
            command_id=uuid.uuid4().hex,
            load=load,
            level=level,
            power_w=power_w,
            lease_id=lease.lease_id,
            expires_boot_s=expires_boot_s,
            decision_id=lease.decision_id,
            reason=reason,
        )
        self._bus.publish(self._topics.command(load), command, expiry_s=expires_boot_s - self._clock.boot())


@dataclass(frozen=True)
class _NoLease:
    decision_id: str
    lease_id: str = ""
