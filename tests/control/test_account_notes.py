"""That somebody may look or ask stands in the ledger, with who said so."""

from __future__ import annotations

import json

import pytest

from bitgrid.bus import AccountNote, Received
from bitgrid.control.account_notes import AccountNotes
from bitgrid.store import StoreError
from control.desk import Desk


def note(desk: Desk, *, retained: bool = False) -> None:
    told = AccountNote(request_id="n", change="token_added", name="ha", may="read override", actor="anna")
    AccountNotes(desk.engine, desk.bus).on_note(Received(desk.topics.account, told.encode(), retained=retained))


def test_a_change_is_an_audit_event_and_is_answered(desk: Desk) -> None:
    note(desk)
    (row,) = [row for row in desk.ledger.events(limit=10) if "account" in row.record]
    assert row.kind == "audit"
    assert json.loads(row.record) == {
        "what": "account", "change": "token_added", "name": "ha", "may": "read override", "actor": "anna",
    }  # fmt: skip
    assert (desk.replies[-1].request_id, desk.replies[-1].code) == ("n", "RECORDED")


def test_what_a_broker_had_kept_is_not_recorded(desk: Desk) -> None:
    before = len(desk.ledger.events(limit=100))
    note(desk, retained=True)
    assert len(desk.ledger.events(limit=100)) == before


def test_what_could_not_be_recorded_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(desk.ledger, "append_event", full)
    note(desk)
    assert (desk.replies[-1].accepted, desk.replies[-1].code) == (False, "NOT_DURABLE")
    assert "the disk is full" in desk.replies[-1].text


@pytest.mark.parametrize("name", ["", "An Na", "../x", "a" * 32])
def test_a_name_that_no_account_has_is_no_note(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        AccountNote(request_id="n", change="user_set", name=name, actor="anna")
