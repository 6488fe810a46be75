"""What another process lost with a damaged database, recorded once: it cannot write the ledger itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from bitgrid.bus import Health, Received, StoreLoss, decode

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine


class StoreLosses:
    """Hears the health of the processes that have a database of their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recorded: set[str] = set()

    def on_health(self, received: Received) -> None:
        """A heartbeat; one that tells of a loss does so until its process ends."""
        health = decode(Health, received.payload)
        if health is None or received.retained or "loss" not in health.details:
            return
        try:
            loss = StoreLoss.model_validate(health.details["loss"])
        except ValidationError:
            return
        if loss.event_id not in self._recorded and self._record(loss):
            self._recorded.add(loss.event_id)

    def _record(self, loss: StoreLoss) -> bool:
        """Whether it is in the ledger."""
        if self._engine.journal.knows_event("health", loss.event_id):
            return True
        return self._engine.tell_event("health", loss.model_dump(mode="json", exclude={"schema_"}))
