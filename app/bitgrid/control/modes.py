"""Who may switch, and a person's yes: autonomy and confirmations. A refused request changes nothing."""

from __future__ import annotations

from dataclasses import replace

from bitgrid.bus import AutonomyRequest, Bus, CommandReply, ConfirmRequest, Received, decode
from bitgrid.control.engine import Engine
from bitgrid.control.load import Load


class Modes:
    """Hears requests on autonomy and confirmations, has the engine carry them out, and answers each."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine, self._bus = engine, bus

    def on_autonomy(self, received: Received) -> None:
        """From now on the rules may do this much by themselves; durable before it counts."""
        request = decode(AutonomyRequest, received.payload)
        if request is None or received.retained:
            return
        engine = self._engine
        before, house = engine.autonomy, engine.house
        engine.house = replace(house, autonomy=request.autonomy)
        problem = engine.remember()
        if problem:
            engine.house = house
            self._answer(request.request_id, "NOT_DURABLE", problem, accepted=False)
            return
        record = {"what": "autonomy", "from": before, "to": request.autonomy, "actor": request.actor}
        engine.tell_event("audit", record)
        engine.publisher.house()
        self._answer(request.request_id, "AUTONOMY", f"autonomy {request.autonomy}", accepted=True)

    def on_confirm(self, received: Received) -> None:
        """A yes to what waits, while its block lasts."""
        request = decode(ConfirmRequest, received.payload)
        if request is None or received.retained:
            return
        load = self._engine.loads.get(request.load)
        if load is None or not load.knows(request.level):
            text = f"there is no load {request.load} with a level {request.level}"
            self._answer(request.request_id, "UNKNOWN_LOAD", text, accepted=False)
            return
        self._confirm(request, load)

    def _confirm(self, request: ConfirmRequest, load: Load) -> None:
        engine = self._engine
        key = engine.blocks.epoch, engine.blocks.block()
        load.confirmed = key, request.level
        decision = engine.judge_confirmed(load)
        if decision.level != request.level:
            load.confirmed = None
            text = f"{decision.rule.value} does not allow it, or nothing waits for it any more"
            self._answer(request.request_id, decision.code.value, text, accepted=False)
        elif not engine.apply(decision):
            load.confirmed = None
            self._answer(request.request_id, "NOT_DURABLE", engine.problem, accepted=False)
        else:
            self._answer(request.request_id, "CONFIRMED", request.level, accepted=True)

    def _answer(self, request_id: str, code: str, text: str, *, accepted: bool) -> None:
        reply = CommandReply(request_id=request_id, accepted=accepted, code=code, text=text)
        self._bus.publish(self._engine.topics.reply, reply)
