"""What the guard did by itself: made durable, decided upon, and only then cleared. And what `loads` had to do.

The guard acts when the layers before it have failed. So its stop also ends a person's wish that the load run: what
runs again is started by the rules, within their holds, or by a person who asks anew. A wish for off stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.guard.link import ClearTrip, Trip
from bitgrid.kernel import OFF, Trigger, Vote

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.load import Load


class Trips:
    """Follows the guard's trips on behalf of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def step(self) -> None:
        """Take in what the guard has told; what could not be made durable is not cleared and is tried again."""
        engine = self._engine
        for name, load in engine.loads.items():
            trip = engine.controllers.trip(name)
            if trip is None or not self._is_recorded(load, trip) or not self._ends_override(load, trip):
                continue
            if load.memory.level == OFF:
                engine.guard.send(ClearTrip(load=name, trip_id=trip.trip_id))

        for name, load in engine.loads.items():
            self._record_cut(name, load)

    def _record_cut(self, name: str, load: Load) -> None:
        """What `loads` tells of a load that was stopped and drew on until it was cut off is an event, once."""
        engine = self._engine
        event = engine.controllers.safety_event(name)
        if event is None or event.event_id == load.event_recorded:
            return
        record = {"load": name, **event.model_dump(exclude={"schema_"})}
        if engine.journal.knows_event("safety", event.event_id) or engine.tell_event("safety", record):
            load.event_recorded = event.event_id

    def _is_recorded(self, load: Load, trip: Trip) -> bool:
        """A trip is an event once; the load is judged at once, and after heat locked."""
        engine = self._engine
        if trip.trip_id == load.trip_recorded:
            return True
        if not engine.tell_event("safety", {"load": load.profile.id, **trip.model_dump()}):
            return False
        load.trip_recorded = trip.trip_id
        engine.protect(load)
        if trip.cause == "heat":
            engine.lock_out(load)
            engine.remember()
        return True

    def _ends_override(self, load: Load, trip: Trip) -> bool:
        """Whether no wish to run is left; its end is a decision of its own, and the trip forbids it a start."""
        engine, override = self._engine, load.memory.override
        if override is None or override.vote is not Vote.LEVEL:
            return True
        without = replace(load.memory, override=None)
        if not engine.apply(engine.judge(load, without, Trigger.EXPIRY)):
            return False
        record = {"what": "override_ended", "load": load.profile.id, "why": "guard_trip", "trip_id": trip.trip_id}
        wish = {"level": override.level, "ends_at_s": override.ends_at_s}
        return engine.tell_event("safety", {**record, **wish})
