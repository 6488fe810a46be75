"""What people ask of the rules: overrides and the emergency stop. A refused request changes nothing."""

from __future__ import annotations

import logging
from dataclasses import replace

from bitgrid.bus import Bus, CommandReply, EstopRequest, OverrideRequest, Received, decode
from bitgrid.control.engine import Engine
from bitgrid.control.load import Load
from bitgrid.kernel import OFF, Code, LoadMemory, Override, Trigger, Vote, decide

log = logging.getLogger(__name__)


class Requests:
    """Hears requests, has the engine carry them out, and answers each."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine, self._bus = engine, bus

    def on_override(self, received: Received) -> None:
        """A person's wish to start, stop, set a level, or take that back."""
        request = decode(OverrideRequest, received.payload)
        if request is None or received.retained:
            return
        load = self._engine.loads.get(request.load)
        if load is None:
            known = ", ".join(self._engine.loads)
            self._refuse(request.request_id, "UNKNOWN_LOAD", f"there is no load {request.load}; there is {known}")
        elif request.action == "end":
            self._end(request, load)
        else:
            self._override(request, load)

    def on_estop(self, received: Received) -> None:
        """Emergency stop: everything off now, and a lockout; its acknowledgement lets the lockout run out."""
        request = decode(EstopRequest, received.payload)
        if request is None or received.retained:
            return
        emergency = self._engine.emergency
        if request.engage:
            problem, code, text = emergency.engage(request.actor), "EMERGENCY_STOP", "every load is off"
        elif button := emergency.pressed():
            text = f"{button} is still pressed, or was when it last answered; release it, then acknowledge"
            self._refuse(request.request_id, "STILL_PRESSED", text)
            return
        else:
            problem, code = emergency.acknowledge(request.actor), "ACKNOWLEDGED"
            text = "acknowledged; the lockout runs out by itself"
        text = f"done, but not durable: {problem}" if problem else text
        self._reply(CommandReply(request_id=request.request_id, accepted=True, code=code, text=text))

    def _override(self, request: OverrideRequest, load: Load) -> None:
        engine, limits = self._engine, self._engine.config.rules.override
        level = _target(request, load)
        if level is None:
            known = ", ".join(known.name for known in load.profile.levels)
            self._refuse(
                request.request_id, "UNKNOWN_LEVEL", f"{load.profile.id} has no such level; it has {known}"
            )
            return
        duration_s = request.duration_s or limits.default_min * 60
        if duration_s > limits.max_h * 3600:
            self._refuse(request.request_id, "TOO_LONG", f"an override lasts at most {limits.max_h} h")
            return
        ends_at_s = engine.blocks.now_s() + duration_s
        override = Override(Vote.STOP if level == OFF else Vote.LEVEL, level, ends_at_s)
        wished = replace(load.memory, override=override)
        decision = decide(engine.standpoint.state_for(load), wished, engine.rules, load.profile, Trigger.USER)
        if decision.level != level:
            self._refuse(request.request_id, decision.code.value, f"{decision.rule.value} does not allow it")
            return
        if not self._apply(load, wished, Trigger.USER):
            self._refuse(request.request_id, "NOT_DURABLE", engine.problem)
            return
        code = Code.USER_STOP if level == OFF else Code.USER_LEVEL
        self._reply(
            CommandReply(
                request_id=request.request_id, accepted=True, code=code.value, text=level, ends_at_s=ends_at_s
            )
        )

    def _end(self, request: OverrideRequest, load: Load) -> None:
        if load.memory.override is None:
            self._refuse(request.request_id, "NO_OVERRIDE", "no override is in force")
        elif self._apply(load, replace(load.memory, override=None), Trigger.EXPIRY):
            self._reply(
                CommandReply(
                    request_id=request.request_id, accepted=True, code="OVERRIDE_ENDED", text="the rules go on"
                )
            )
        else:
            self._refuse(request.request_id, "NOT_DURABLE", self._engine.problem)

    def _apply(self, load: Load, memory: LoadMemory, trigger: Trigger) -> bool:
        engine = self._engine
        return engine.apply(engine.judge(load, memory, trigger)) is not None

    def _refuse(self, request_id: str, code: str, text: str) -> None:
        self._reply(CommandReply(request_id=request_id, accepted=False, code=code, text=text))

    def _reply(self, reply: CommandReply) -> None:
        self._bus.publish(self._engine.topics.reply, reply)


def _target(request: OverrideRequest, load: Load) -> str | None:
    """The level asked for; a start without one means the lowest. None: the load has no such level."""
    if request.action == "stop":
        return OFF
    if request.level is None:
        return load.profile.levels[0].name if request.action == "start" else None
    return request.level if any(level.name == request.level for level in load.profile.levels) else None
