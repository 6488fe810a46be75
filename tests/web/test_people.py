"""People and machines in the room System: made, changed, ended, each recorded, by operators alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bitgrid.bus import AccountNote, CommandReply, Received, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.entry import ACCOUNTS
from web.talk import Talk
from web.test_system import HERE, PASSWORD, LogIn, data, log_in, page

__all__ = ["data", "log_in"]


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "web" / ACCOUNTS)


@pytest.fixture
def notes(bus: MemoryBus, talk: Talk) -> list[AccountNote]:
    """What `rules` is asked to record; it does."""
    heard: list[AccountNote] = []

    def record(received: Received) -> None:
        note = decode(AccountNote, received.payload)
        assert note is not None
        heard.append(note)
        reply = CommandReply(request_id=note.request_id, accepted=True, code="RECORDED", text="")
        bus.publish(talk.topics.reply, reply)

    bus.subscribe(talk.topics.account, record)
    return heard


def post(client: FlaskClient, path: str, **form: str | list[str]) -> TestResponse:
    return client.post(f"/system/{path}?lang=en", data=form, headers=HERE)


def test_an_account_is_made_changed_and_removed_and_each_is_recorded(
    log_in: LogIn, accounts: Accounts, notes: list[AccountNote]
) -> None:
    anna = log_in("anna")
    done = post(anna, "user", name="eve", password=PASSWORD, role="observer")
    assert done.status_code == 303
    assert "The account is saved." in page(anna, done.headers["Location"].split("?")[1])
    assert accounts.users["eve"].role is Role.OBSERVER
    post(anna, "user", name="eve", password=PASSWORD, role="operator")
    assert accounts.users["eve"].role is Role.OPERATOR
    post(anna, "user/remove", name="eve")
    assert "eve" not in accounts.users
    assert [(note.change, note.name, note.may, note.actor) for note in notes] == [
        ("user_set", "eve", "observer", "anna"),
        ("user_set", "eve", "operator", "anna"),
        ("user_removed", "eve", "", "anna"),
    ]


def test_a_token_is_shown_once_and_ended(log_in: LogIn, accounts: Accounts, notes: list[AccountNote]) -> None:
    anna = log_in("anna")
    text = post(anna, "token", name="ha", scope=["read", "override"]).get_data(as_text=True)
    token = re.search(r"bitgrid\.ha\.[0-9a-f]{64}", text)
    assert token is not None
    assert accounts.machine(token[0]) is not None
    assert token[0] not in page(anna)
    post(anna, "token/remove", name="ha")
    assert accounts.machine(token[0]) is None
    assert [(note.change, note.may) for note in notes] == [
        ("token_added", "read override"),
        ("token_removed", ""),
    ]
    assert token[0] not in "".join(note.model_dump_json() for note in notes)


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("user", {"name": "eve", "password": "short", "role": "observer"}, "A password has 10 to 200"),
        ("user", {"name": "E ve", "password": PASSWORD, "role": "observer"}, "A name is small letters"),
        ("user", {"name": "eve", "password": PASSWORD, "role": "king"}, "A name is small letters"),
        ("user", {}, "A name is small letters"),
        ("user/remove", {"name": "nobody"}, "There is no such account, or it is the last"),
        ("user/remove", {"name": "anna"}, "There is no such account, or it is the last"),
        ("token", {"name": "ha"}, "it is not ticked what it may"),
        ("token", {"name": "H A", "scope": "read"}, "A name is small letters"),
        ("token", {"name": "ha", "scope": "operate"}, "it is not ticked what it may"),
        ("token/remove", {"name": "nobody"}, "There is no such token"),
    ],
)
def test_what_cannot_be_done_is_said_at_once_and_changes_nothing(  # noqa: PLR0913, PLR0917  fixtures and cases
    log_in: LogIn, accounts: Accounts, notes: list[AccountNote], path: str, form: dict[str, str], says: str
) -> None:
    anna = log_in("anna")
    before = (accounts.users, accounts.tokens)
    response = post(anna, path, **form)  # type: ignore[arg-type]  # fields of a form
    assert response.status_code in {409, 422}
    text = response.get_data(as_text=True)
    assert says in text
    assert (accounts.users, accounts.tokens) == before
    assert notes == []
    assert 'href="/system?lang=de"' in text, "the other language is the room's, not the form's"
    if path == "user" and form:
        assert f'value="{form["name"]}"' in text, "what was written stays"
        assert f'value="{form["password"]}"' not in text, "but for the password"


@pytest.mark.parametrize("path", ["user", "user/remove", "token", "token/remove"])
def test_nobody_but_an_operator_on_our_own_page_changes_anything(
    log_in: LogIn, accounts: Accounts, notes: list[AccountNote], path: str
) -> None:
    form = {"name": "oma", "password": PASSWORD, "role": "operator", "scope": "read"}
    before = (accounts.users, accounts.tokens)
    assert log_in("oma").post(f"/system/{path}", data=form, headers=HERE).status_code == 403
    anna = log_in("anna")
    assert anna.post(f"/system/{path}", data=form, headers={"Origin": "http://evil.example"}).status_code == 403
    assert anna.post(f"/system/{path}", data=form).status_code == 403
    assert (accounts.users, accounts.tokens) == before
    assert notes == []


def test_what_the_ledger_did_not_confirm_is_done_and_said(
    log_in: LogIn, accounts: Accounts, bus: MemoryBus
) -> None:
    anna = log_in("anna")
    accounts.add_token("ha", ("read",))
    bus.is_connected = False
    done = post(anna, "token/remove", name="ha")
    assert accounts.tokens == {}, "a token ends also while the rules are away"
    text = page(anna, done.headers["Location"].split("?")[1])
    assert "The token is ended. The ledger did not confirm it" in text


def test_a_page_says_only_what_a_form_can_have_done(log_in: LogIn) -> None:
    assert "<i>" not in page(log_in("anna"), "lang=en&said=<i>you+won&recorded=refused")


def test_in_a_house_without_a_log_in_there_is_nobody_to_change(client: FlaskClient, tmp_path: Path) -> None:
    client.get("/")
    response = post(client, "user", name="eve", password=PASSWORD, role="observer")
    assert response.status_code == 409
    assert "Nobody logs in to this house" in response.get_data(as_text=True)
    assert not (tmp_path / "web" / ACCOUNTS).exists()
