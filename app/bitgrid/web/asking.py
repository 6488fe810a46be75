"""Asking: hands a person's wish to the rules and waits for their answer. What is answered is theirs to decide."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bitgrid.bus import (
    AccountNote,
    AutonomyRequest,
    Bus,
    CommandReply,
    ConfigureRequest,
    ConfirmRequest,
    EstopRequest,
    ExportRequest,
    LookRequest,
    Message,
    OverrideRequest,
    Received,
    ReloadRequest,
    ScanRequest,
    Topics,
    decode,
)
from bitgrid.bus.upkeep import ConfigFile
from bitgrid.clock import Clock

WAIT_MACHINE_S = 2.0
LOOK_MACHINE_S = 8.0
"""A device may take its whole time-out to stay silent, after one that it was being asked just then."""
WAITING_AT_ONCE = 8
OUTCOMES_KEPT = 50

Status = Literal["accepted", "refused", "no_answer", "not_sent"]
Change = Literal["user_set", "user_removed", "token_added", "token_removed"]


@dataclass(frozen=True)
class Outcome:
    """What became of a request; ``reply`` is there when the rules have answered."""

    request_id: str
    status: Status
    reply: CommandReply | None = None


HTTP_STATUS: dict[Status, int] = {"accepted": 200, "refused": 409, "no_answer": 504, "not_sent": 503}


class Asker:
    """Publishes requests and pairs replies with them by ``request_id``."""

    def __init__(self, site: str, bus: Bus, clock: Clock) -> None:
        self._topics, self._bus, self._clock = Topics(site), bus, clock
        self._lock = threading.Lock()
        self._waiting: dict[str, threading.Event] = {}
        self._replies: dict[str, CommandReply] = {}
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        bus.subscribe(self._topics.reply, self._on_reply)

    def override(
        self,
        load: str,
        action: Literal["start", "stop", "level", "end"],
        *,
        level: str | None = None,
        duration_s: int | None = None,
        actor: str,
    ) -> Outcome:
        """Ask to start or stop a load, to set its level, or to end an override."""
        request = OverrideRequest(
            request_id=_new_id(), load=load, action=action, level=level, duration_s=duration_s, actor=actor
        )
        return self._ask(self._topics.override, request, request.request_id)

    def estop(self, *, engage: bool, actor: str) -> Outcome:
        """Ask for the emergency stop of every load, or acknowledge it."""
        request = EstopRequest(request_id=_new_id(), engage=engage, actor=actor)
        return self._ask(self._topics.estop, request, request.request_id)

    def autonomy(self, level: int, actor: str) -> Outcome:
        """Ask that the rules do more or less by themselves: 0 manual, 1 assisted, 2 semi, 3 full."""
        request = AutonomyRequest(request_id=_new_id(), autonomy=level, actor=actor)
        return self._ask(self._topics.autonomy, request, request.request_id)

    def confirm(self, load: str, level: str, actor: str) -> Outcome:
        """Say yes to what waits for it: the level (or off) that the last decision suggests."""
        request = ConfirmRequest(request_id=_new_id(), load=load, level=level, actor=actor)
        return self._ask(self._topics.confirm, request, request.request_id)

    def reload(self, actor: str) -> Outcome:
        """Ask to read the configuration anew, all of it or nothing of it."""
        request = ReloadRequest(request_id=_new_id(), actor=actor)
        return self._ask(self._topics.reload, request, request.request_id)

    def export(self, kinds: Sequence[str], from_s: int, to_s: int, actor: str) -> Outcome:
        """Ask to have it recorded that a research bundle is handed out; where it is, ``reply.text`` is its id.

        Args:
            kinds: what it is to hold, by the archive's names.
            from_s: where its period begins, UTC epoch seconds.
            to_s: where it ends, itself left out.
            actor: who asks.
        """
        request = ExportRequest(
            request_id=_new_id(), bundle_id=_new_id(), kinds=list(kinds), from_s=from_s, to_s=to_s, actor=actor
        )
        return self._ask(self._topics.export, request, request.request_id)

    def account(self, change: Change, name: str, may: str, actor: str) -> Outcome:
        """Have it recorded that a person or a machine may do something else from now on; see `AccountNote`."""
        note = AccountNote(request_id=_new_id(), change=change, name=name, may=may, actor=actor)
        return self._ask(self._topics.account, note, note.request_id)

    def configure(self, file: ConfigFile, text: str, before: str, actor: str) -> Outcome:
        """Ask that a whole file of the configuration takes the place of the one whose SHA-256 is ``before``."""
        request = ConfigureRequest(request_id=_new_id(), file=file, text=text, before=before, actor=actor)
        return self._ask(self._topics.configure, request, request.request_id)

    def look(self, device: str, actor: str) -> Outcome:
        """Ask a device or load of site.yaml what it tells now; it stands in the reply's ``details``."""
        request = LookRequest(request_id=_new_id(), device=device, actor=actor)
        return self._ask(self._topics.look, request, request.request_id, LOOK_MACHINE_S)

    def scan(self, targets: Sequence[str], actor: str) -> Outcome:
        """Ask that the home's network is asked what is in it; what is found is told as `ScanReport`."""
        request = ScanRequest(request_id=_new_id(), targets=tuple(targets), actor=actor)
        return self._ask(self._topics.scan, request, request.request_id)

    def outcome(self, request_id: str) -> Outcome | None:
        """What became of one of the last requests."""
        with self._lock:
            return self._outcomes.get(request_id)

    def _ask(
        self, topic: str, request: Message, request_id: str, wait_machine_s: float = WAIT_MACHINE_S
    ) -> Outcome:
        """Publish, then wait. A request always goes out, but only so many threads wait at once for an answer."""
        if not self._bus.is_connected:
            return self._keep(Outcome(request_id, "not_sent"))
        answered = threading.Event()
        with self._lock:
            may_wait = len(self._waiting) < WAITING_AT_ONCE
            if may_wait:
                self._waiting[request_id] = answered
        self._bus.publish(topic, request, expiry_s=wait_machine_s * self._clock.speed)
        if may_wait:
            self._clock.wait(answered, wait_machine_s * self._clock.speed)
        with self._lock:
            self._waiting.pop(request_id, None)
            reply = self._replies.pop(request_id, None)
        if reply is None:
            return self._keep(Outcome(request_id, "no_answer"))
        return self._keep(Outcome(request_id, "accepted" if reply.accepted else "refused", reply))

    def _on_reply(self, received: Received) -> None:
        reply = decode(CommandReply, received.payload)
        if reply is None or received.retained:
            return
        with self._lock:
            answered = self._waiting.get(reply.request_id)
            if answered is not None:
                self._replies[reply.request_id] = reply
                answered.set()

    def _keep(self, outcome: Outcome) -> Outcome:
        with self._lock:
            self._outcomes[outcome.request_id] = outcome
            while len(self._outcomes) > OUTCOMES_KEPT:
                self._outcomes.popitem(last=False)
        return outcome


def _new_id() -> str:
    return uuid.uuid4().hex
