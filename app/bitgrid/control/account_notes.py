"""Accounts: who may look and who may ask is the pages' business; that it changed stands in the ledger."""

from __future__ import annotations

from bitgrid.bus import AccountNote, Bus, CommandReply, Received, decode
from bitgrid.control.engine import Engine


class AccountNotes:
    """Records what the pages tell of their accounts, and answers each note."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine, self._bus = engine, bus

    def on_note(self, received: Received) -> None:
        """A person or a machine was let in, let out, or may do something else."""
        note = decode(AccountNote, received.payload)
        if note is None or received.retained:
            return
        record = {
            "what": "account",
            "change": note.change,
            "name": note.name,
            "may": note.may,
            "actor": note.actor,
        }
        is_kept = self._engine.tell_event("audit", record)
        code, text = ("RECORDED", note.name) if is_kept else ("NOT_DURABLE", self._engine.problem)
        reply = CommandReply(request_id=note.request_id, accepted=is_kept, code=code, text=text)
        self._bus.publish(self._engine.topics.reply, reply)
