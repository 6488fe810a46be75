"""The emergency stop: by a person's request or by a measured contact, and its acknowledgement.

Whoever asked for it, it holds until a person acknowledges it: a button that springs back gives nothing free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.kernel import Code, Trigger, decide

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.load import Load

_SIGNAL = "emergency_stop"


class Emergency:
    """Carries out emergency stops on behalf of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def step(self) -> None:
        """A contact that asks for a stop engages it."""
        engine = self._engine
        if not engine.house.emergency_stop and (contact := self.closed_contact()) is not None:
            self.set(engaged=True, actor=contact, name=contact)

    def set(self, *, engaged: bool, actor: str, name: str) -> str:
        """Engage it, or acknowledge it; what is wrong about making that durable, or nothing."""
        engine = self._engine
        engine.house = replace(engine.house, emergency_stop=engaged)
        if engaged:
            for load_id in engine.loads:  # all of them, before anything is judged or written
                engine.leases.release(load_id, name, Code.R3_EMERGENCY_STOP.value)
            for load in engine.loads.values():
                self._off(load)
        problem = engine.remember()
        what = "emergency_stop" if engaged else "acknowledged"
        if not engine.tell_event("safety", {"what": what, "actor": actor}):
            problem = engine.problem
        return problem

    def closed_contact(self) -> str | None:
        """The device whose contact asks for a stop. One that has fallen silent asks on: nobody took it back."""
        for device in self._engine.config.site.devices:
            told = self._engine.book.newest(device.id, _SIGNAL) if _SIGNAL in device.signals else None
            if told is not None and told.value:
                return device.id
        return None

    def _off(self, load: Load) -> None:
        engine = self._engine
        decision = decide(engine.state_for(load), load.memory, engine.rules, load.profile, Trigger.PROTECT)
        engine.apply(decision)
        load.memory = replace(load.memory, override=None)
        engine.lock_out(load)
