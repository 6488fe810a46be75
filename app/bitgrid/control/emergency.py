"""The emergency stop: latched by a request or by a device's own button, released only by an acknowledgement.

Touches the engine's loads, leases and memory; reads the signal book.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.kernel import Code, Trigger, decide

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.load import Load

SIGNAL = "emergency_stop"
PRESSED = 0.5


class EmergencyStop:
    """The emergency stop of a house, on behalf of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def step(self) -> None:
        """A button that is pressed engages the stop by itself; it is asked again only once that is released."""
        pressed = self.pressed()
        if pressed and not self._engine.house.emergency_stop:
            self.engage(pressed)

    def pressed(self) -> str:
        """The device whose button was last told to be pressed, or nothing; its silence does not release it."""
        for device in self._engine.config.site.devices:
            sample = self._engine.book.newest(device.id, SIGNAL) if SIGNAL in device.signals else None
            if sample is not None and isinstance(sample.value, float) and sample.value >= PRESSED:
                return device.id
        return ""

    def engage(self, actor: str) -> str:
        """Everything off now, and a lockout; what of it could not be made durable, or nothing."""
        engine = self._engine
        engine.house = replace(engine.house, emergency_stop=True)
        for name in engine.loads:  # all of them, before anything is judged or written
            engine.leases.release(name, actor, Code.R3_EMERGENCY_STOP.value)
        for load in engine.loads.values():
            self._off(load)
        return self._remember("emergency_stop", actor)

    def acknowledge(self, actor: str) -> str:
        """The lockout may run out; what of it could not be made durable, or nothing. Not while `pressed`."""
        self._engine.house = replace(self._engine.house, emergency_stop=False)
        return self._remember("acknowledged", actor)

    def _off(self, load: Load) -> None:
        engine = self._engine
        state = engine.standpoint.state_for(load)
        engine.apply(decide(state, load.memory, engine.rules, load.profile, Trigger.PROTECT))
        load.memory = replace(load.memory, override=None)
        engine.lock_out(load)

    def _remember(self, what: str, actor: str) -> str:
        """Make it durable; a stop that cannot be is carried out all the same."""
        problem = self._engine.remember()
        if not self._engine.tell_event("safety", {"what": what, "actor": actor}):
            problem = self._engine.problem
        return problem
