"""Whether `loads` and `guard` are there, and what they last said. A lease stands only while both are heard."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from bitgrid.bus import Health, LoadSafetyEvent
from bitgrid.bus.messages import on_its_way_s
from bitgrid.guard.link import GuardedLoad, GuardReport, Trip

HEARTBEAT_TIMEOUT_S = 15.0
GUARD_ANSWER_S = 20.0
"""Until then the guard has told of a new lease, also when the first datagram was lost: one comes every 15 s."""


@dataclass(frozen=True)
class Instances:
    """Which processes a lease was given to; another instance of either knows nothing of it."""

    loads: str
    guard: str


class Controllers:
    """Heartbeats of the two processes that can switch a load. All times are on the boot-time clock."""

    def __init__(self) -> None:
        self._loads: tuple[Health, float] | None = None
        self._guard: tuple[GuardReport, float] | None = None

    def heard_loads(self, health: Health, now_boot_s: float) -> None:
        """A heartbeat of `loads`, not a retained one; one that took too long on its way is as old as it is."""
        self._loads = (health, now_boot_s - on_its_way_s(health.sent_boot_s, now_boot_s))

    def heard_guard(self, report: GuardReport, now_boot_s: float) -> None:
        """A heartbeat of `guard`; one that took too long on its way is as old as it is."""
        self._guard = (report, min(now_boot_s, report.sent_boot_s))

    def instances(self, now_boot_s: float) -> Instances | None:
        """Both processes, if both are alive."""
        if self._loads is None or self._guard is None:
            return None
        oldest_boot_s = min(self._loads[1], self._guard[1])
        if now_boot_s - oldest_boot_s > HEARTBEAT_TIMEOUT_S or self._loads[0].reason in _GONE:
            return None
        return Instances(self._loads[0].instance, self._guard[0].instance)

    def guard_instance(self, now_boot_s: float) -> str | None:
        """The guard's process, if it is alive."""
        if self._guard is None or now_boot_s - self._guard[1] > HEARTBEAT_TIMEOUT_S:
            return None
        return self._guard[0].instance

    def guarded(self, load: str) -> GuardedLoad | None:
        """A load as the guard last reported it."""
        return None if self._guard is None else self._guard[0].loads.get(load)

    def is_confirmed_off(self, load: str, since_boot_s: float) -> bool:
        """Whether the guard has measured a load to be off, and told so at a boot time or later."""
        guarded = self.guarded(load)
        return (
            self._guard is not None and self._guard[1] >= since_boot_s and bool(guarded and guarded.confirmed_off)
        )

    def has_lease(self, load: str, lease_id: str, since_boot_s: float) -> bool:
        """Whether the guard holds a lease; believed for a while from when it was first sent, then only if told."""
        if self._guard is None or self._guard[1] - since_boot_s <= GUARD_ANSWER_S:
            return True
        guarded = self.guarded(load)
        return guarded is not None and guarded.lease_id == lease_id

    def loads_holds(self, load: str, lease_id: str) -> bool:
        """Whether `loads` told in its last heartbeat that it holds a lease."""
        told = None if self._loads is None else self._loads[0].details.get(load)
        return isinstance(told, dict) and told.get("lease_id") == lease_id

    def safety_event(self, load: str) -> LoadSafetyEvent | None:
        """What `loads` has to tell of a load that was stopped and drew on; None: nothing that can be."""
        told = None if self._loads is None else self._loads[0].details.get(load)
        try:
            return LoadSafetyEvent.model_validate(told["safety"]) if isinstance(told, dict) else None
        except (KeyError, ValidationError):
            return None

    def trip(self, load: str) -> Trip | None:
        """The guard's own stop that is latched on a load."""
        guarded = self.guarded(load)
        return None if guarded is None else guarded.trip


_GONE = frozenset({"connection lost", "stopped"})
"""Reasons with which a component leaves the bus (its last will, its goodbye)."""
