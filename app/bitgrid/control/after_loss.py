"""A start after the ledger was damaged: what is remembered is older than what ran, and starts nothing.

What is taken for true instead, each on the side of "off":

- every load may be running: each is told to go off, and its lease is ended;
- the emergency stop may have been pressed: it counts as pressed until a person acknowledges it;
- heat may have locked a load: each is locked for the safety lockout's whole time;
- the day's starts may be used up: they count as used up, until the next local day or a person's word;
- a load may just have been stopped: its pause begins now;
- a person may have taken autonomy back: it is at most 1 (each switch waits for a yes) until it is set anew;
- what a person wished is forgotten, and what was owed to the ledger is lost;
- the clock may have stepped: a new clock epoch begins, far from any that was used, and its first block is held.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.kernel import Code, LoadMemory

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.journal import HouseMemory

EPOCHS_LEFT_OUT = 1_000
"""No house's clock steps so often in what a copy can lack."""
MOST_AUTONOMY = 1
ACTOR = "ledger"


def house_after_loss(house: HouseMemory, configured_autonomy: int) -> HouseMemory:
    """What counts as remembered of the house."""
    autonomy = configured_autonomy if house.autonomy is None else house.autonomy
    return replace(
        house,
        emergency_stop=True,
        autonomy=min(autonomy, MOST_AUTONOMY),
        clock_epoch=house.clock_epoch + EPOCHS_LEFT_OUT,
    )


class AfterLoss:
    """Happens once, at an engine's start; does nothing where nothing was lost."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._loss = engine, engine.journal.loss
        self._is_released = self._is_told = self._loss is None
        for load in engine.loads.values() if self._loss is not None else ():
            load.memory = self._memory()
            engine.lock_out(load)

    @property
    def told(self) -> str:
        """For health, as long as the stop that this began was not acknowledged."""
        if self._loss is None or not self._engine.house.emergency_stop:
            return ""
        return (
            f"the ledger was damaged and is not whole any more: {self._loss.get('file')} is kept in "
            f"{self._loss.get('aside')}. Every load stays off until a person acknowledges the emergency stop; "
            "look before at whether a UPS runs on its battery, and set the autonomy anew"
        )

    def step(self) -> None:
        """Loads off at once; the loss told and what is now remembered made durable as soon as that can be."""
        engine = self._engine
        if not self._is_released:
            self._is_released = True
            for name in engine.loads:
                engine.leases.release(name, ACTOR, Code.R3_EMERGENCY_STOP.value)
        if not self._is_told and self._loss is not None:
            self._is_told = engine.tell_event("safety", {**self._loss, "what": "ledger_damaged"})
            if self._is_told:
                engine.journal.loss_is_told()
                engine.remember()

    def _memory(self) -> LoadMemory:
        engine = self._engine
        now_s, block = engine.blocks.now_s(), engine.blocks.block()
        day, most = engine.days.at(now_s), engine.rules.max_starts_per_day
        return LoadMemory(last_change_block=block, last_start_block=block, starts=most, starts_day=day)
