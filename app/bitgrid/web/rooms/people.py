"""Who may look and who may ask: forms for people and machines in the room *System*; each change is recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, redirect, request
from pydantic import ValidationError

from bitgrid.web import entry, security
from bitgrid.web.accounts import TOKEN_SCOPES, AccountsError, Role
from bitgrid.web.asking import Change, Outcome
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.system import system_page

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ACTOR = "web"
log = logging.getLogger(__name__)


class FormRefusal(Refusal):
    """What the accounts refuse; the page says it at the form that asked."""


def routes(web: Web, door: entry.Door) -> Blueprint:
    """Routes under ``/system``: ``user``, ``user/remove``, ``token`` and ``token/remove``."""
    blueprint = Blueprint("people", __name__, url_prefix="/system")
    accounts = door.accounts
    blueprint.errorhandler(FormRefusal)(lambda refusal: _again(web, door, refusal))

    @blueprint.post("/user")
    def set_user() -> Response:
        security.check_form()
        name, role = request.form.get("name", ""), request.form.get("role", "")
        password = request.form.get("password", "")
        with _refused("user", web):
            accounts.set_user(name, password, Role(role))
        return _done(web, "user-set", _record(web, "user_set", name, role))

    @blueprint.post("/user/remove")
    def remove_user() -> Response:
        security.check_form()
        name = request.form.get("name", "")
        with _refused("remove_user", web):
            accounts.remove_user(name)
        return _done(web, "user-removed", _record(web, "user_removed", name))

    @blueprint.post("/token")
    def add_token() -> Response:
        security.check_form()
        name = request.form.get("name", "")
        scopes = tuple(one for one in TOKEN_SCOPES if one in request.form.getlist("scope"))
        with _refused("token", web):
            token = accounts.add_token(name, scopes)
        _record(web, "token_added", name, " ".join(scopes))
        return system_page(web, door, token=token)

    @blueprint.post("/token/remove")
    def remove_token() -> Response:
        security.check_form()
        name = request.form.get("name", "")
        with _refused("remove_token", web):
            accounts.remove_token(name)
        return _done(web, "token-removed", _record(web, "token_removed", name))

    return blueprint


@contextmanager
def _refused(what: str, web: Web) -> Iterator[None]:
    """What the accounts refuse, as a `FormRefusal`."""
    if web.config.site.web.login != "required":
        raise FormRefusal(409, "no_login", "Nobody logs in to this house, so there are no accounts to change.")
    try:
        yield
    except AccountsError as error:
        raise FormRefusal(409, f"{what}_refused", str(error)) from error
    except (ValidationError, ValueError) as error:
        raise FormRefusal(
            422, f"{what}_unfit", "A name is small letters and digits, and begins with a letter."
        ) from error


def _again(web: Web, door: entry.Door, refusal: Refusal) -> Response:
    """The page once more, with what is wrong, and what was written but for the password."""
    kept = {key: value for key, value in request.form.items() if key != "password"}
    return system_page(web, door, refusal.status, problem=refusal, kept=kept)


def _record(web: Web, change: Change, name: str, may: str = "") -> Outcome:
    """Have it recorded; it is done in any case, for a token must end also while the rules are away."""
    actor = entry.actor(ACTOR)
    log.info("%s: %s %s %s", actor, change, name, may)
    return web.asker.account(change, name, may, actor)


def _done(web: Web, said: str, outcome: Outcome) -> Response:
    address = f"/system?lang={web.language()}&said={said}&recorded={outcome.status}"
    return cast("Response", redirect(address, 303))
