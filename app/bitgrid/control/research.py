"""Research: whether the owner lets bundles be handed out, and who asked for one; both stand in the ledger.

What hands a bundle out asks here first. Nothing is handed out that is not recorded.
"""

from __future__ import annotations

from dataclasses import replace

from bitgrid.bus import Bus, CommandReply, ExportRequest, Received, decode
from bitgrid.control.engine import Engine

AGAIN_S = 10.0


class Research:
    """Records the toggle's switches, whenever they were made, and answers requests for a bundle."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine, self._bus = engine, bus
        self._next_try_boot_s = 0.0

    def step(self) -> None:
        """Record a switch of the toggle, also one made while nothing ran; what is not durable is tried again."""
        engine = self._engine
        is_on = engine.config.flags.research
        if is_on == engine.house.research or engine.clock.boot() < self._next_try_boot_s:
            return
        self._next_try_boot_s = engine.clock.boot() + AGAIN_S
        record = {"what": "research", "is_on": is_on, "config_hash": engine.config.config_hash}
        if engine.tell_event("audit", record):
            engine.house = replace(engine.house, research=is_on)
            engine.remember()

    def on_request(self, received: Received) -> None:
        """A wish for a bundle: refused while the toggle is off, else recorded, then granted."""
        request = decode(ExportRequest, received.payload)
        if request is None or received.retained:
            return
        engine = self._engine
        if not engine.config.flags.research:
            self._answer(request, "RESEARCH_OFF", "research is switched off in flags.yaml", accepted=False)
        elif not engine.house.research:
            text = "that research is switched on is not recorded yet; ask again in some seconds"
            self._answer(request, "NOT_RECORDED_YET", text, accepted=False)
        elif not engine.tell_event("audit", _record(request)):
            self._answer(request, "NOT_DURABLE", engine.problem, accepted=False)
        else:
            self._answer(request, "RECORDED", request.bundle_id, accepted=True)

    def _answer(self, request: ExportRequest, code: str, text: str, *, accepted: bool) -> None:
        reply = CommandReply(request_id=request.request_id, accepted=accepted, code=code, text=text)
        self._bus.publish(self._engine.topics.reply, reply)


def _record(request: ExportRequest) -> dict[str, object]:
    return {
        "what": "research_export",
        "bundle_id": request.bundle_id,
        "kinds": request.kinds,
        "from_s": request.from_s,
        "to_s": request.to_s,
        "actor": request.actor,
    }
