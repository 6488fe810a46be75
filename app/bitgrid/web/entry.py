"""The door: whose request it is, and whether that may do what it asks. Closed unless something opens it.

Where site.yaml's ``web.login`` is ``required``, people log in and machines send ``Authorization: Bearer``; where
it is ``none`` (a house that only this machine reaches) everybody is the operator.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from secrets import token_hex
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, g, redirect, request, session
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from pydantic import ValidationError
from werkzeug.middleware.proxy_fix import ProxyFix

from bitgrid.config.network import WebServer
from bitgrid.config.secrets import ACCOUNTS, HOST_KEY, HOST_TOKEN_PREFIX, SETUP_CODE
from bitgrid.web.accounts import SCOPES_OF_ROLE, Accounts, AccountsError, Role, Scope, kept_secret, setup_code
from bitgrid.web.problems import Refusal, is_programs

log = logging.getLogger(__name__)

OPEN_ENDPOINTS = frozenset({"static", "entry.form", "entry.log_in", "entry.begin"})
"""What a stranger is answered."""
NEEDS: dict[str, Scope] = {
    "api.override": "override",
    "pages.override": "override",
    "pages.wish": "override",
    "pages.confirm": "override",
    "api.ack": "override",
    "api.estop": "override",
    "pages.estop": "override",
    "api.export": "research",
    "api.exports": "research",
    "api.whatif": "read",
    "metrics.scrape": "metrics",
    "entry.log_out": "read",
    "exports.begin": "research",
    "exports.cancel": "research",
    "exports.remove": "research",
    "exports.file": "research",
}
"""What an endpoint needs; others need ``read`` to be read, and ``operate`` to be written to."""
UNLIMITED = frozenset({"api.estop", "pages.estop"})
"""An emergency stop is never refused for being asked too often."""
REASONED = frozenset({"api.explain", "api.kpi", "api.plan", "api.preview", "api.timeline", "api.whatif"})
"""What is reckoned when it is asked for: as often as a person moves a slider, and not without end."""
LOG_INS = (RateLimitItemPerMinute(5), RateLimitItemPerHour(30))
WRITES = (RateLimitItemPerMinute(30),)
EXPORTS = (RateLimitItemPerHour(10),)
REASONING = (RateLimitItemPerMinute(120),)
SESSION_DAYS = 90
WALLS = ("1", "display")
"""Values of ``?kiosk=``: a tablet that the page keeps awake, and a display that its own host darkens."""
_MINUTE_S = 60
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_KEY = "session.key"


@dataclass(frozen=True)
class Visitor:
    """Whose request this is; ``name`` goes into the record of what is asked."""

    name: str
    scopes: frozenset[Scope]
    is_machine: bool = False


ANYBODY = Visitor("web", SCOPES_OF_ROLE[Role.OPERATOR])
THIS_HOST = Visitor("host", frozenset({"read"}), is_machine=True)
"""Whoever reads this process's own files, such as root: it asks whether the house is well."""


@dataclass
class Limits:
    """How often something may be asked for, by whom; kept in memory."""

    _limiter: SlidingWindowCounterRateLimiter = field(
        default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage())
    )

    def take(self, items: tuple[RateLimitItem, ...], what: str, who: str) -> None:
        """Count one more.

        Raises:
            Refusal: 429, where there were too many.
        """
        for item in items:
            if not self._limiter.hit(item, what, who):
                wait = "an hour" if item.get_expiry() > _MINUTE_S else "a minute"
                text = f"That was asked too often, so nothing was done. Wait {wait}."
                raise Refusal(429, "too_often", text, retry_after_s=item.get_expiry())


class Door:
    """Checks every request.

    Args:
        web: how the pages are served.
        keys: where accounts and set-up code are.
    """

    def __init__(self, web: WebServer, keys: Path) -> None:
        self._is_open, self._accounts = web.login == "none", Accounts(keys / ACCOUNTS)
        self._code_path, self._host_key_path = keys / SETUP_CODE, keys / HOST_KEY
        self.limits = Limits()

    def check(self) -> Response | None:
        """Let this request through, send a person to the log-in, or refuse.

        Raises:
            Refusal: 401 to a machine, 403 to whoever may not, 429, or 503 where the accounts cannot be read.
        """
        endpoint = request.endpoint or ""
        if endpoint in OPEN_ENDPOINTS:
            return None
        visitor = ANYBODY if self._is_open else self._visitor()
        if visitor is None:
            return self._to_log_in()
        g.visitor = visitor
        if needed(endpoint, request.method) not in visitor.scopes:
            raise Refusal(
                403,
                "not_allowed",
                f"{visitor.name} may look, but not do this, so nothing was done. Ask an operator of the house.",
            )
        self._limit(endpoint, visitor.name if visitor.is_machine else _address())
        return None

    def _limit(self, endpoint: str, who: str) -> None:
        if endpoint == "api.export":
            self.limits.take(EXPORTS, "export", who)
        elif endpoint in REASONED:
            self.limits.take(REASONING, "reason", who)
        elif request.method not in _READING and endpoint not in UNLIMITED:
            self.limits.take(WRITES, "write", who)

    @property
    def accounts(self) -> Accounts:
        """People and machines; each method may raise an `AccountsError`."""
        return self._accounts

    @property
    def lacks_operator(self) -> bool:
        """Whether nobody has an account yet, so that the first one may be made."""
        with told():
            return not self._is_open and not self._accounts.users

    def begin(self, code: str, name: str, password: str) -> str:
        """Make the first operator's account and log in; what is wrong, in words, else nothing.

        Raises:
            Refusal: 409, where somebody has one already; 429, where the code was tried too often.
        """
        self.limits.take(LOG_INS, "log-in", _address())
        if not self.lacks_operator:
            raise Refusal(409, "not_first", "Somebody has an account already, so none was made. Log in.")
        if not compare_digest(_typed(code), _typed(self._setup_code())):
            return "wrong_code"
        try:
            self._accounts.set_user(name, password, Role.OPERATOR)
        except (AccountsError, ValidationError):
            return "unfit"
        return "" if self.log_in(name, password) else "unfit"

    def _setup_code(self) -> str:
        with told():
            return setup_code(self._code_path)

    def log_in(self, name: str, password: str) -> bool:
        """Begin a session; tell whether name and password were right.

        Raises:
            Refusal: 429, where it was tried too often from there.
        """
        self.limits.take(LOG_INS, "log-in", _address())
        with told():
            user = self._accounts.person(name, password)
        session.clear()
        if user is None:
            log.warning("a log-in from %s failed", _address())
            return False
        session.update(user=name, stamp=user.stamp)
        session.permanent = True
        log.info("%s has logged in from %s", name, _address())
        return True

    def _visitor(self) -> Visitor | None:
        with told():
            scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                return self._machine(shown.strip())
            name = session.get("user", "")
            user = self._accounts.users.get(name)
            if user is None or session.get("stamp") != user.stamp:
                return None
            return Visitor(name, SCOPES_OF_ROLE[user.role])

    def _machine(self, told: str) -> Visitor | None:
        if compare_digest(told.encode(), f"{HOST_TOKEN_PREFIX}{kept_secret(self._host_key_path)}".encode()):
            return THIS_HOST
        found = self._accounts.machine(told)
        return None if found is None else Visitor(found[0], frozenset(found[1].scopes), is_machine=True)

    def _to_log_in(self) -> Response:
        """A person is shown the way in; a program is told what it lacks."""
        if is_programs(request.path) or request.path == "/ws" or "Authorization" in request.headers:
            raise Refusal(
                401,
                "not_logged_in",
                "Send a token as the header Authorization: Bearer …; `bitgrid account token add` makes one.",
            )
        if request.headers.get("HX-Request") == "true":
            return Response(status=401, headers={"HX-Redirect": way_in(is_over=request.method != "GET")})
        if request.method != "GET":
            raise Refusal(401, "session_over", "You are not logged in any more, so nothing was done.")
        return redirect(way_in(), 303)  # type: ignore[return-value]  # werkzeug's, which Flask's is


@contextmanager
def told() -> Iterator[None]:
    """What is wrong with the accounts, as a refusal."""
    try:
        yield
    except AccountsError as error:
        log.error("%s", error)  # noqa: TRY400  the text says it all
        raise Refusal(503, "accounts_unreadable", "The accounts cannot be read; see the log of web.") from error


def needed(endpoint: str, method: str) -> Scope:
    """What a request needs."""
    return NEEDS.get(endpoint, "read" if method in _READING else "operate")


def wall_view() -> str:
    """Which view for the wall (`WALLS`) who asks looks at, or comes from; empty where it is none."""
    came = parse_qs(urlsplit(request.referrer or "").query)
    told = (request.args.get("kiosk", ""), *came.get("kiosk", []))
    return next((view for view in told if view in WALLS), "")


def way_in(*, is_over: bool = False) -> str:
    """Where to log in; a display on the wall is led back to its own view afterwards."""
    told = {"over": "1" if is_over else "", "kiosk": wall_view()}
    query = urlencode({key: value for key, value in told.items() if value})
    return f"/login?{query}" if query else "/login"


def actor(anybody: str) -> str:
    """Who asks, for the record; ``anybody`` in a house without a log-in."""
    visitor: Visitor = g.visitor
    return anybody if visitor is ANYBODY else visitor.name


def scopes() -> frozenset[Scope]:
    """What whoever asks may do."""
    visitor: Visitor = g.visitor
    return visitor.scopes


def guard(app: Flask, web: WebServer, keys: Path) -> Door:
    """Put the door before an application.

    Args:
        app: the application.
        web: how the pages are served.
        keys: the directory of accounts, session key and set-up code; nobody else may read it.

    Raises:
        AccountsError: the session key cannot be read or made.
    """
    if web.proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]  # as Flask's own documentation does
    app.config.update(
        SECRET_KEY=token_hex(32) if web.login == "none" else kept_secret(keys / SESSION_KEY),
        PERMANENT_SESSION_LIFETIME=SESSION_DAYS * 86_400,
        SESSION_COOKIE_NAME="__Host-bitgrid" if web.proxy else "bitgrid_session",
        SESSION_COOKIE_SECURE=web.proxy,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=True,
    )
    door = Door(web, keys)
    if web.login == "required":
        kept_secret(keys / HOST_KEY)
    if door.lacks_operator:
        setup_code(keys / SETUP_CODE)
        log.warning("nobody has an account yet: the code for the first one is in %s", keys / SETUP_CODE)
    app.before_request(door.check)
    return door


def _typed(code: str) -> bytes:
    """A code as it counts, however its groups were set apart: a telephone's digits have no hyphen beside them."""
    return "".join(code.split()).replace("-", "").encode()


def _address() -> str:
    return request.remote_addr or "unknown"
