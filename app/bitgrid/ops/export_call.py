"""Asking the rules for leave to hand out a bundle, which they record: no record, no bundle.

Touches the broker alone, through a bus that is handed in.
"""

from __future__ import annotations

import threading
import uuid

from bitgrid.bus import Bus, CommandReply, ExportRequest, Received, Topics, decode
from bitgrid.clock import Clock
from bitgrid.ops.errors import Refusal

AGAIN_MACHINE_S = 0.2
_NOT_YET = "NOT_RECORDED_YET"


class ExportCall:
    """One request. It is sent once the broker is there, and again only where the rules ask for patience."""

    def __init__(self, request: ExportRequest, bus: Bus, topics: Topics, clock: Clock) -> None:
        self._request, self._bus, self._topics, self._clock = request, bus, topics, clock
        self._request_id, self._reply = "", threading.Event()
        self._answer: CommandReply | None = None
        bus.subscribe(topics.reply, self._on_reply)

    def wait(self, machine_s: float) -> None:
        """Return when the rules have recorded the request, within so many seconds of the machine.

        Raises:
            Refusal: they refused, or did not answer.
        """
        clock = self._clock
        give_up_boot_s = clock.boot() + machine_s * clock.speed
        while clock.boot() < give_up_boot_s:
            if self._bus.is_connected and not self._request_id:
                self._send(machine_s)
            clock.wait(self._reply, AGAIN_MACHINE_S * clock.speed)
            answer, self._answer = self._answer, None
            self._reply.clear()
            if answer is not None and answer.accepted:
                return
            if answer is not None and answer.code != _NOT_YET:
                raise Refusal(f"nothing was handed out: {answer.text}")
            self._request_id = "" if answer is not None else self._request_id
        raise Refusal(
            "the rules did not answer, so nothing was handed out: an export that is not recorded in the ledger is "
            "none. Does the house run? Try: bitgrid status"
        )

    def _send(self, machine_s: float) -> None:
        self._request_id = uuid.uuid4().hex
        request = self._request.model_copy(update={"request_id": self._request_id})
        self._bus.publish(self._topics.export, request, expiry_s=machine_s * self._clock.speed)

    def _on_reply(self, received: Received) -> None:
        reply = decode(CommandReply, received.payload)
        if reply is not None and not received.retained and reply.request_id == self._request_id:
            self._answer = reply
            self._reply.set()
