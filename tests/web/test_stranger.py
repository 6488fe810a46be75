"""What somebody tries who means no good: at the door, past it, with odd bytes, odd names and odd addresses.

Whatever comes, it is answered with a refusal and never with an error of ours, and nothing is asked of the house.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.config.network import WebServer
from bitgrid.web import Asker, HouseView, create_app
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.app import MAX_BODY_BYTES
from bitgrid.web.entry import ACCOUNTS, SESSION_KEY, SETUP_CODE
from near import EXAMPLES
from web.talk import REPOSITORY, Talk

PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test
HERE = {"Origin": "http://localhost"}
ODD_TEXTS = [
    "ü",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "٣" * 14,
    "x" * 5000,
]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "web"


@pytest.fixture
def make(config: Config, bus: MemoryBus, clock: HeldClock, keys: Path) -> Callable[[], Flask]:
    """Not ``testing``: what would be an error of ours comes as the status 500 it would be."""
    server = WebServer.model_validate({"login": "required"})
    closed = dataclasses.replace(config, site=config.site.model_copy(update={"web": server}))
    return lambda: create_app(
        closed, HouseView(closed, bus, clock), Asker(config.site.site, bus, clock), clock, keys=keys
    )


@pytest.fixture
def app(make: Callable[[], Flask]) -> Flask:
    return make()


@pytest.fixture
def inside(app: Flask, keys: Path) -> FlaskClient:
    """A browser of an operator who has logged in."""
    Accounts(keys / ACCOUNTS).set_user("anna", PASSWORD, Role.OPERATOR)
    client = app.test_client()
    client.get("/login")
    told = client.post("/login", data={"name": "anna", "password": PASSWORD}, headers=HERE)
    assert told.status_code == 303
    return client


def forms(app: Flask) -> list[str]:
    """Every address a form is sent to."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and not rule.arguments and not rule.rule.startswith("/api/")
    ]


class TestAtTheDoor:
    @pytest.mark.parametrize("odd", ODD_TEXTS)
    @pytest.mark.parametrize("field", ["code", "name", "password"])
    def test_odd_texts_are_wrong_and_nothing_else(self, app: Flask, keys: Path, field: str, odd: str) -> None:
        client = app.test_client()
        client.get("/login")
        code = (keys / SETUP_CODE).read_text(encoding="ascii")
        told = {"code": code, "name": "anna", "password": PASSWORD, field: odd}
        if field != "password" or len(odd) > 200 or len(odd) < 10:
            assert client.post("/begin", data=told, headers=HERE).status_code == 403
        Accounts(keys / ACCOUNTS).set_user("anna", PASSWORD, Role.OPERATOR)
        told = {"name": "anna", "password": PASSWORD, "code": "x", field: odd}
        expected = 303 if field == "code" else 403
        assert client.post("/login", data=told, headers=HERE).status_code == expected

    def test_without_an_account_any_address_leads_to_the_first_one(self, app: Flask) -> None:
        for path in (
            "/",
            "/fragments/now",
            "/nothing/here",
            "/login/../",
            "/%2f/evil.example/",
            "/%2e%2e/etc/passwd",
        ):
            answer = app.test_client().get(path)
            assert (answer.status_code, answer.headers.get("Location")) == (303, "/login"), path

    def test_a_cookie_signed_with_another_key_is_no_session(
        self, inside: FlaskClient, make: Callable[[], Flask], keys: Path
    ) -> None:
        cookie = inside.get_cookie("bitgrid_session")
        assert cookie is not None
        (keys / SESSION_KEY).write_text("0" * 64, encoding="ascii")
        elsewhere = make().test_client()
        elsewhere.set_cookie("bitgrid_session", cookie.value)
        assert elsewhere.get("/").status_code == 303
        assert inside.get("/").status_code == 200, "where the key is what it was"

    @pytest.mark.parametrize("odd", ["", "x", "a.b.c", "eyJ1c2VyIjoiYW5uYSJ9.x.y", "é", "a" * 4000])
    def test_a_cookie_that_was_made_up_is_no_session(self, app: Flask, keys: Path, odd: str) -> None:
        Accounts(keys / ACCOUNTS).set_user("anna", PASSWORD, Role.OPERATOR)
        client = app.test_client()
        client.set_cookie("bitgrid_session", odd)
        assert client.get("/").status_code == 303

    @pytest.mark.parametrize(
        "told",
        [
            "Bearer",
            "Bearer ",
            "Bearer bitgrid",
            "Bearer bitgrid..",
            "Bearer bitgrid.ha.é",
            "Bearer " + "x" * 5000,
            "Basic YW5uYTp4",
            "bearer bitgrid.ha.",
            "\x7f",
        ],
    )
    def test_a_made_up_token_lets_nobody_in(self, app: Flask, keys: Path, told: str) -> None:
        Accounts(keys / ACCOUNTS).add_token("ha", ("read",))
        answer = app.test_client().get("/api/v1/state", headers={"Authorization": told.encode().decode("latin-1")})
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")

    def test_a_token_that_cannot_speak_for_a_session_is_no_way_around_the_token(
        self, inside: FlaskClient, keys: Path
    ) -> None:
        """Whoever shows a wrong token is refused, though the browser's session would do."""
        Accounts(keys / ACCOUNTS).add_token("ha", ("read",))
        assert inside.get("/api/v1/state").status_code == 200
        assert inside.get("/api/v1/state", headers={"Authorization": "Bearer bitgrid.ha.0"}).status_code == 401


class TestNamesAndOrigins:
    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "localhost.evil.example",
            "evil.example:80@localhost",
            "127.0.0.1.nip.io",
            "",
            "[::1",
            "a b",
        ],
    )
    def test_another_name_is_not_answered(self, app: Flask, host: str) -> None:
        builder = EnvironBuilder(path="/login", method="GET")
        environ = builder.get_environ()
        environ["HTTP_HOST"] = host
        body, status, _headers = run_wsgi_app(app, environ)
        assert status.startswith(("400", "421")), status
        assert b"password" not in b"".join(body)

    def test_a_forwarded_name_counts_only_behind_a_proxy(self, app: Flask) -> None:
        client = app.test_client()
        assert client.get("/login", headers={"X-Forwarded-Host": "evil.example"}).status_code == 200
        codes = [
            client.post("/login", data={"name": "a", "password": "b"}, headers={**HERE, **told}).status_code
            for told in ({"X-Forwarded-For": f"203.0.113.{n}"} for n in range(7))
        ]
        assert codes[-1] == 429, "another address each time is still the same caller"

    @pytest.mark.parametrize("path", ["/override", "/estop", "/logout"])
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:1"},
            {"Origin": "http://localhost.evil.example"},
            {"Origin": ""},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {},
        ],
    )
    def test_a_form_of_another_page_does_nothing(
        self, inside: FlaskClient, talk: Talk, path: str, headers: dict[str, str]
    ) -> None:
        talk.listen()
        answer = inside.post(path, data={"wish": "stop", "load": "miner"}, headers=headers)
        assert answer.status_code == 403
        assert talk.asked == []
        assert inside.get("/").status_code == 200, "nor is anybody logged out"

    @pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {}])
    def test_no_form_at_all_takes_what_another_page_sends(
        self, app: Flask, inside: FlaskClient, talk: Talk, keys: Path, headers: dict[str, str]
    ) -> None:
        talk.listen()
        before, tried = (keys / ACCOUNTS).read_bytes(), 0
        for path in forms(app):
            answer = inside.post(
                path, data={"name": "eve", "password": PASSWORD, "role": "operator"}, headers=headers
            )
            assert answer.status_code == 403, path
            tried += 1
        assert tried > 20
        assert talk.asked == []
        assert (keys / ACCOUNTS).read_bytes() == before

    def test_an_observer_is_refused_whatever_would_change_something(
        self, app: Flask, inside: FlaskClient, talk: Talk, keys: Path
    ) -> None:
        Accounts(keys / ACCOUNTS).set_user("oma", PASSWORD, Role.OBSERVER)
        inside.post("/login", data={"name": "oma", "password": PASSWORD}, headers=HERE)
        talk.listen()
        before = (keys / ACCOUNTS).read_bytes()
        for path in forms(app):
            if path not in {"/login", "/begin", "/logout"}:
                assert (
                    inside.post(path, data={"name": "oma", "role": "operator"}, headers=HERE).status_code == 403
                ), path
        assert talk.asked == []
        assert (keys / ACCOUNTS).read_bytes() == before

    def test_json_in_a_forms_clothes_is_not_taken(self, inside: FlaskClient, talk: Talk) -> None:
        talk.listen()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = inside.post("/api/v1/estop", data='{"engage": true}', headers={**HERE, "Content-Type": kind})
            assert answer.status_code == 415, kind
        assert talk.asked == []


class TestBodies:
    @pytest.mark.parametrize(
        "path", ["/login", "/begin", "/override", "/estop", "/api/v1/override", "/api/v1/estop"]
    )
    @pytest.mark.parametrize("headers", [HERE, {"Origin": "http://evil.example"}, {}])
    def test_too_long_a_body_is_refused_from_anywhere(
        self, inside: FlaskClient, talk: Talk, path: str, headers: dict[str, str]
    ) -> None:
        talk.listen()
        for kind in ("application/x-www-form-urlencoded", "application/json"):
            answer = inside.post(path, data="x=" + "a" * MAX_BODY_BYTES, content_type=kind, headers=headers)
            assert answer.status_code in {400, 403, 409, 413, 415}, (kind, answer.status_code)
        assert talk.asked == []

    def test_many_fields_and_files_are_refused(self, inside: FlaskClient, talk: Talk) -> None:
        talk.listen()
        many = "&".join(f"{n}=" for n in range(3000))
        told = inside.post("/override", data=many, content_type="application/x-www-form-urlencoded", headers=HERE)
        assert told.status_code in {400, 413}
        assert talk.asked == []

    @EXAMPLES
    @given(
        body=st.binary(max_size=300),
        kind=st.sampled_from(
            [
                "application/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "multipart/form-data",
            ]
        ),
    )
    def test_any_bytes_are_answered(self, body: bytes, kind: str) -> None:
        client = ANYTHING.test_client()
        client.get("/")
        for path in ("/override", "/estop", "/api/v1/override", "/api/v1/estop"):
            answer = client.post(path, data=body, content_type=kind, headers=HERE)
            assert answer.status_code < 500 or answer.status_code in {503, 504}, (path, answer.status_code)


class TestAddresses:
    PATHS = (
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/vendor/",
        "/static/.",
        "/static/page.css/",
        "/static/..\\app.py",
        "/" + "a" * 5000,
        "/?lang=" + "x" * 5000,
        "/?lang=de&lang=<script>",
        "/?asked=<script>",
        "/%ff%fe",
    )

    @pytest.mark.parametrize("path", PATHS)
    def test_odd_addresses_give_nothing_away(self, inside: FlaskClient, path: str) -> None:
        with inside.get(path) as answer:
            assert answer.status_code in {200, 303, 308, 400, 404}, answer.status_code
            text = answer.get_data(as_text=True)
        assert "create_app" not in text
        assert "root:" not in text
        assert "<script>" not in text

    def test_methods_nobody_uses_are_refused(self, app: Flask, inside: FlaskClient) -> None:
        for rule in app.url_map.iter_rules():
            if rule.arguments or rule.endpoint == "__flask_sock.ws":
                continue
            for method in ("PUT", "DELETE", "PATCH", "TRACE"):
                told = inside.open(rule.rule, method=method, headers=HERE)
                assert told.status_code in {403, 405, 429}, (method, rule.rule, told.status_code)

    def test_every_answer_has_the_headers(self, inside: FlaskClient) -> None:
        answers: list[TestResponse] = [
            inside.get("/"),
            inside.get("/nothing"),
            inside.get("/static/page.css"),
            inside.get("/static/nothing"),
            inside.post("/override", headers=HERE),
            inside.get("/", headers={"Host": "evil.example"}),
            inside.put("/"),
        ]
        for answer in answers:
            answer.close()
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in answer.headers or "Werkzeug" not in answer.headers["Server"]


def _anything() -> Flask:
    config, bus, clock = load_config(REPOSITORY / "config"), MemoryBus(), HeldClock()
    bus.is_connected = False
    return create_app(config, HouseView(config, bus, clock), Asker(config.site.site, bus, clock), clock)


ANYTHING = _anything()
"""Made once, for one example after another."""
