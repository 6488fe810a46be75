"""The house on its UPS: what upsmon tells, remembered until told otherwise, and answered when it is done.

On battery every load stops by R3. Before the computer goes down, upsmon's command waits for the answer that the
loads are measured to be off and nothing is left to be written.
"""

from __future__ import annotations

from dataclasses import replace

from bitgrid.bus import Bus, CommandReply, Received, UpsReport, decode
from bitgrid.control.engine import Engine
from bitgrid.kernel import OFF

UNANSWERED_S = 120.0
"""Nobody waits longer for the answer to a shutdown."""


class PowerCut:
    """Hears of the UPS, and stops and frees the loads through the engine."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine, self._bus = engine, bus
        self._waits: dict[str, float] = {}

    def on_report(self, received: Received) -> None:
        """What upsmon said. The same said again changes nothing and is answered again."""
        report = decode(UpsReport, received.payload)
        if report is None or received.retained:
            return
        engine = self._engine
        is_on_battery = report.status != "online"
        is_news = engine.house.ups_on_battery != is_on_battery
        engine.house = replace(engine.house, ups_on_battery=is_on_battery)
        for load in engine.loads.values():
            engine.protect(load)
        problem = self._remember(report) if is_news else engine.problem
        if report.status == "shutdown":
            self._waits.setdefault(report.request_id, engine.clock.boot())
        else:
            code = "UPS_ON_BATTERY" if is_on_battery else "UPS_ONLINE"
            self._reply(report.request_id, code, problem or "heard")

    def step(self) -> None:
        """Answer who waits for the shutdown, once every load is measured to be off and everything is written."""
        now_boot_s = self._engine.clock.boot()
        self._waits = {name: at_s for name, at_s in self._waits.items() if now_boot_s - at_s < UNANSWERED_S}
        for request_id, asked_boot_s in list(self._waits.items()):
            if self._is_off(asked_boot_s) and not self._engine.owes_records:
                self._reply(request_id, "LOADS_OFF", "every load is off and recorded")
                del self._waits[request_id]

    def _is_off(self, since_boot_s: float) -> bool:
        """By the guard's own measurement, told after the question was asked; and decided to be so."""
        engine = self._engine
        is_decided = all(load.memory.level == OFF for load in engine.loads.values())
        return is_decided and all(engine.controllers.is_confirmed_off(name, since_boot_s) for name in engine.loads)

    def _remember(self, report: UpsReport) -> str:
        """Make it durable; what could not be is carried out all the same."""
        problem = self._engine.remember()
        what = "ups_online" if report.status == "online" else "ups_on_battery"
        if not self._engine.tell_event("safety", {"what": what, "actor": report.actor}):
            problem = self._engine.problem
        return f"done, but not durable: {problem}" if problem else ""

    def _reply(self, request_id: str, code: str, text: str) -> None:
        reply = CommandReply(request_id=request_id, accepted=True, code=code, text=text)
        self._bus.publish(self._engine.topics.reply, reply)
