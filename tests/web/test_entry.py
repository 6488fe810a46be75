"""The door of a house with a log-in: closed to strangers, to each what is theirs, and slow for whoever tries."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bitgrid.bus import OverrideRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.config.network import WebServer
from bitgrid.config.secrets import ACCOUNTS, SETUP_CODE, host_token
from bitgrid.web import Asker, HouseView, create_app
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.entry import NEEDS, OPEN_ENDPOINTS, needed
from web.talk import Talk

PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test
WRONG = "wrong password"
HERE = {"Origin": "http://localhost"}
Make = Callable[..., Flask]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "web"


@pytest.fixture
def make(config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, keys: Path) -> Make:
    def made(**web: object) -> Flask:
        server = WebServer.model_validate({"login": "required", **web})
        changed = dataclasses.replace(config, site=config.site.model_copy(update={"web": server}))
        app = create_app(changed, view, Asker(config.site.site, bus, clock), clock, keys=keys)
        app.testing = True
        return app

    return made


@pytest.fixture
def accounts(keys: Path) -> Accounts:
    accounts = Accounts(keys / ACCOUNTS)
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    accounts.set_user("oma", PASSWORD, Role.OBSERVER)
    return accounts


@pytest.fixture
def app(make: Make, accounts: Accounts) -> Flask:
    assert accounts.users
    return make()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def log_in(client: FlaskClient, name: str = "anna", password: str = PASSWORD, **more: str) -> TestResponse:
    client.get("/login")
    return client.post("/login", data={"name": name, "password": password}, headers={**HERE, **more})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_whoever_reads_the_webs_own_files_may_ask_how_the_house_is_and_nothing_more(
    client: FlaskClient, keys: Path
) -> None:
    asked = "/api/v1/health"
    assert client.get(asked).status_code == 401
    token = host_token(keys.parent)
    assert token is not None
    assert client.get(asked, headers=bearer(token)).status_code == 200
    assert client.get(asked, headers=bearer(f"{token}0")).status_code == 401
    assert client.get(asked, headers=bearer("bitgrid.host.")).status_code == 401
    refused = client.post("/api/v1/override", json={"load": "miner", "kind": "stop"}, headers=bearer(token))
    assert refused.status_code == 403
    assert host_token(keys) is None


def test_a_code_counts_without_its_hyphens_too(make: Make, keys: Path) -> None:
    """A telephone's keypad for digits has none."""
    client = make().test_client()
    client.get("/login")
    code = (keys / SETUP_CODE).read_text(encoding="ascii")
    told = {
        "code": f" {code.replace('-', '')[:6]} {code.replace('-', '')[6:]}",
        "name": "anna",
        "password": PASSWORD,
    }
    assert client.post("/begin", data={**told, "code": code[:-1]}, headers=HERE).status_code == 403
    assert client.post("/begin", data=told, headers=HERE).status_code == 303


def test_what_was_typed_stays_but_no_password(client: FlaskClient) -> None:
    html = log_in(client, "anna", WRONG).get_data(as_text=True)
    assert 'value="anna"' in html
    assert WRONG not in html


def test_who_presses_a_button_after_the_session_is_told_that_nothing_was_done(client: FlaskClient) -> None:
    client.get("/login")
    there = client.post("/override", headers={**HERE, "HX-Request": "true"}).headers["HX-Redirect"]
    assert "so nothing was done" in client.get(f"{there}&lang=en").get_data(as_text=True)
    asked = client.get("/fragments/now", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    assert "nothing was done" not in client.get(f"{asked}?lang=en").get_data(as_text=True)


def test_what_is_not_there_is_told_in_words(client: FlaskClient) -> None:
    log_in(client)
    told = client.get("/nothing?lang=de")
    assert (told.status_code, "Unter dieser Adresse gibt es nichts." in told.get_data(as_text=True)) == (404, True)


def test_every_address_is_closed_to_a_stranger_but_the_way_in(app: Flask, client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN_ENDPOINTS:
            continue
        address = re.sub("<[^>]+>", "anything", rule.rule)
        for method in rule.methods & {"GET", "POST", "PUT", "DELETE", "PATCH"}:
            response = client.open(address, method=method, json={"engage": True}, headers=HERE)
            assert response.status_code in {401, 303}, (method, address)
            assert response.status_code == 401 or response.headers["Location"] == "/login"
            tried += 1
    assert tried >= 9
    assert talk.asked == []


def test_what_needs_something_else_than_others_is_there(app: Flask) -> None:
    assert set(NEEDS) <= {rule.endpoint for rule in app.url_map.iter_rules()}
    assert needed("new.page", "GET") == "read"
    assert needed("new.form", "POST") == "operate"


def test_an_operator_comes_in_and_asks_and_the_record_names_them(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    assert log_in(client).headers["Location"].startswith("/")
    assert client.get("/api/v1/state").status_code == 200
    response = client.post("/api/v1/override", json={"load": "miner", "action": "stop"})
    assert response.status_code == 200
    assert [asked.actor for asked in talk.asked if isinstance(asked, OverrideRequest)] == ["anna"]
    assert "Log out" in client.get("/?lang=en").get_data(as_text=True)


def test_an_observer_looks_and_asks_nothing(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    log_in(client, "oma")
    assert client.get("/").status_code == 200
    response = client.post("/api/v1/override", json={"load": "miner", "action": "stop"})
    assert response.status_code == 403
    assert "oma may look" in response.get_json()["detail"]
    form = {"load": "miner", "wish": "stop", "minutes": "60"}
    assert client.post("/override", data=form, headers=HERE).status_code == 403
    assert client.post("/estop", data={"engage": "yes"}, headers=HERE).status_code == 403
    assert talk.asked == []


def test_a_wrong_password_is_told_apart_from_nothing(client: FlaskClient) -> None:
    for name, password in (("anna", WRONG), ("nobody", PASSWORD), ("", "")):
        response = log_in(client, name, password)
        assert response.status_code == 403
        assert "Name oder Passwort stimmt nicht" in response.get_data(as_text=True)
    assert client.get("/api/v1/state").status_code == 401


def test_who_tries_too_often_waits_and_a_right_password_does_not_help(client: FlaskClient) -> None:
    assert [log_in(client, password=WRONG).status_code for _ in range(5)] == [403] * 5
    assert log_in(client).status_code == 429
    assert client.get("/api/v1/state").status_code == 401


def test_a_session_ends_with_log_out_with_another_password_and_with_the_account(
    client: FlaskClient, accounts: Accounts
) -> None:
    log_in(client)
    assert client.post("/logout", headers=HERE).headers["Location"] == "/login"
    assert client.get("/api/v1/state").status_code == 401
    log_in(client)
    accounts.set_user("anna", "another password", Role.OPERATOR)
    assert client.get("/api/v1/state").status_code == 401
    log_in(client, "oma")
    assert client.get("/api/v1/state").status_code == 200
    accounts.remove_user("oma")
    assert client.get("/api/v1/state").status_code == 401


def test_a_session_that_was_changed_or_signed_elsewhere_is_none(
    client: FlaskClient, make: Make, keys: Path
) -> None:
    log_in(client)
    cookie = client.get_cookie("bitgrid_session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Strict"
    client.set_cookie("bitgrid_session", cookie.value[:-2] + "xx")
    assert client.get("/api/v1/state").status_code == 401
    client.set_cookie("bitgrid_session", cookie.value)
    assert client.get("/api/v1/state").status_code == 200
    again = make().test_client()
    again.set_cookie("bitgrid_session", cookie.value)
    assert again.get("/api/v1/state").status_code == 200, "a restart logs nobody out"
    (keys / "session.key").unlink()
    anew = make().test_client()
    anew.set_cookie("bitgrid_session", cookie.value)
    assert anew.get("/api/v1/state").status_code == 401


def test_a_machine_may_do_what_its_token_says(client: FlaskClient, accounts: Accounts, talk: Talk) -> None:
    talk.answer()
    reader = bearer(accounts.add_token("grafana", ("read",)))
    asker = bearer(accounts.add_token("ha", ("override",)))
    stop = {"load": "miner", "action": "stop"}
    assert client.get("/api/v1/state", headers=reader).status_code == 200
    assert client.post("/api/v1/override", json=stop, headers=reader).status_code == 403
    assert client.get("/api/v1/state", headers=asker).status_code == 403
    assert client.post("/api/v1/override", json=stop, headers=asker).status_code == 200
    assert [asked.actor for asked in talk.asked if isinstance(asked, OverrideRequest)] == ["ha"]
    for wrong in ("", "x", "bitgrid.ha.0", "bitgrid.nobody.0"):
        assert client.get("/api/v1/state", headers=bearer(wrong)).status_code == 401
    log_in(client)
    assert client.get("/api/v1/state", headers=bearer("x")).status_code == 401, "a wrong token is no session"


def test_wishes_are_limited_and_the_emergency_stop_is_not(
    client: FlaskClient, accounts: Accounts, talk: Talk
) -> None:
    talk.answer()
    token = bearer(accounts.add_token("ha", ("override",)))
    stop = {"load": "miner", "action": "stop"}
    answers = [client.post("/api/v1/override", json=stop, headers=token).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
    assert client.post("/api/v1/estop", json={"engage": True}, headers=token).status_code == 200
    assert len(talk.asked) == 31


def test_the_first_account_needs_the_code_of_the_device_and_is_made_once(make: Make, keys: Path) -> None:
    client = make().test_client()
    html = client.get("/login?lang=en").get_data(as_text=True)
    assert "Code of the device" in html
    code = (keys / SETUP_CODE).read_text()
    assert re.fullmatch(r"\d{4}-\d{4}-\d{4}", code)
    told = {"code": "0000-0000-0000", "name": "anna", "password": PASSWORD}
    assert client.post("/begin", data=told, headers=HERE).status_code == 403
    assert client.post("/begin", data={**told, "code": code, "password": "short"}, headers=HERE).status_code == 403
    assert client.post("/begin", data={**told, "code": code, "name": "An Na"}, headers=HERE).status_code == 403
    assert client.get("/api/v1/state").status_code == 401
    assert client.post("/begin", data={**told, "code": code}, headers=HERE).status_code == 303
    assert client.get("/api/v1/state").status_code == 200
    second = make().test_client()
    second.get("/login")
    again = {**told, "code": code, "name": "eve"}
    assert second.post("/begin", data=again, headers=HERE).status_code == 409
    assert set(Accounts(keys / ACCOUNTS).users) == {"anna"}


def test_the_code_cannot_be_guessed_by_trying(make: Make) -> None:
    client = make().test_client()
    client.get("/login")
    told = {"code": "1234-5678-9012", "name": "anna", "password": PASSWORD}
    answers = [client.post("/begin", data=told, headers=HERE).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def test_another_site_logs_nobody_in(client: FlaskClient) -> None:
    client.get("/login")
    told = {"name": "anna", "password": PASSWORD}
    assert client.post("/login", data=told, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/login", data=told).status_code == 403
    assert client.get("/api/v1/state").status_code == 401


def test_behind_the_proxy_cookies_are_for_tls_alone_and_addresses_are_the_visitors(
    make: Make, accounts: Accounts
) -> None:
    assert accounts.users
    client = make(proxy=True, names=["bitgrid.local"]).test_client()
    through = {
        "X-Forwarded-Proto": "https", "X-Forwarded-Host": "bitgrid.local", "X-Forwarded-For": "192.168.1.9",
        "Origin": "https://bitgrid.local",
    }  # fmt: skip
    base = "https://bitgrid.local"
    response = client.get("/login", headers=through, base_url=base)
    assert response.status_code == 200
    assert "Secure" in response.headers["Set-Cookie"]
    told = {"name": "anna", "password": WRONG}
    for _ in range(5):
        assert client.post("/login", data=told, headers=through, base_url=base).status_code == 403
    assert client.post("/login", data=told, headers=through, base_url=base).status_code == 429
    other = {**through, "X-Forwarded-For": "192.168.1.10"}
    response = client.post("/login", data={**told, "password": PASSWORD}, headers=other, base_url=base)
    assert response.status_code == 303
    assert "__Host-bitgrid=" in response.headers["Set-Cookie"]
    assert "Secure" in response.headers["Set-Cookie"]


def test_without_a_proxy_nobody_chooses_their_own_address(client: FlaskClient) -> None:
    answers = [log_in(client, password=WRONG, **{"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(6)]
    assert [response.status_code for response in answers] == [403] * 5 + [429]


def test_accounts_that_cannot_be_read_let_nobody_in(client: FlaskClient, keys: Path) -> None:
    log_in(client)
    (keys / ACCOUNTS).chmod(0o644)
    (keys / ACCOUNTS).write_text("{")
    assert client.get("/api/v1/state").status_code == 503
    assert client.get("/").status_code == 503


def test_a_part_of_the_page_that_is_asked_for_too_late_leads_to_the_log_in(client: FlaskClient) -> None:
    response = client.get("/fragments/now", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login"


@pytest.mark.parametrize("wall", ["1", "display"])
def test_a_display_on_the_wall_is_led_back_to_its_own_view(client: FlaskClient, wall: str) -> None:
    way_in = client.get(f"/?lang=en&kiosk={wall}").headers["Location"]
    assert way_in == f"/login?kiosk={wall}"
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', client.get(way_in).get_data(as_text=True))
    assert action == f"/login?lang=de&amp;kiosk={wall}"
    place = action.replace("&amp;", "&")
    refused = client.post(place, data={"name": "oma", "password": WRONG}, headers=HERE)
    assert action in refused.get_data(as_text=True), "also the second time"
    let_in = client.post(place, data={"name": "oma", "password": PASSWORD}, headers=HERE)
    assert let_in.headers["Location"] == f"/?lang=de&kiosk={wall}"
    assert log_in(client, "oma").headers["Location"] == "/?lang=de", "from elsewhere to the whole page"


def test_a_display_whose_session_is_over_stays_one(client: FlaskClient) -> None:
    wall = {"HX-Request": "true", "Referer": "http://localhost/?lang=de&kiosk=1"}
    assert client.get("/fragments/now", headers=wall).headers["HX-Redirect"] == "/login?kiosk=1"
    asked = client.post("/override", headers=wall | HERE)
    assert asked.headers["HX-Redirect"] == "/login?over=1&kiosk=1"


@pytest.mark.parametrize("web", [{"host": "0.0.0.0"}, {"proxy": True}, {"host": "192.168.1.5"}])  # noqa: S104  refused
def test_nothing_but_this_machine_is_served_without_a_log_in(web: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="login: required"):
        WebServer.model_validate({"login": "none", **web})
    assert WebServer.model_validate({"login": "required", **web}).login == "required"


def test_metrics_are_for_a_token_that_says_so(client: FlaskClient, accounts: Accounts) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics").content_type == "application/problem+json"
    reader = bearer(accounts.add_token("ha", ("read",)))
    assert client.get("/metrics", headers=reader).status_code == 403
    scraper = bearer(accounts.add_token("prometheus", ("metrics",)))
    assert client.get("/metrics", headers=scraper).status_code == 200
    assert client.get("/api/v1/state", headers=scraper).status_code == 403


def test_no_token_sets_autonomy_confirms_or_reloads(client: FlaskClient, accounts: Accounts, talk: Talk) -> None:
    talk.answer()
    token = bearer(accounts.add_token("ha", ("read", "override", "research", "metrics")))
    for path, body in (
        ("autonomy", {"autonomy": 3}),
        ("confirm", {"load": "miner", "level": "eco"}),
        ("config/reload", {}),
    ):
        assert client.post(f"/api/v1/{path}", json=body, headers=token).status_code == 403
    assert talk.asked == []
    log_in(client)
    assert client.post("/api/v1/autonomy", json={"autonomy": 3}).status_code == 200


def test_an_observer_may_ask_what_if_and_nothing_else(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    log_in(client, "oma")
    assert client.post("/api/v1/whatif", json={"load": "miner", "set": {}}).status_code == 503, "no records here"
    for path, body in (("ack", {}), ("estop", {"engage": True}), ("autonomy", {"autonomy": 0})):
        assert client.post(f"/api/v1/{path}", json=body).status_code == 403
    assert talk.asked == []


def test_what_is_reckoned_may_be_asked_for_as_a_slider_moves_and_not_without_end(
    client: FlaskClient, accounts: Accounts
) -> None:
    token = bearer(accounts.add_token("ha", ("read",)))
    body = {"load": "miner", "set": {"pv_power_w": 1}}
    answers = [client.post("/api/v1/whatif", json=body, headers=token) for _ in range(121)]
    assert {answer.status_code for answer in answers[:120]} == {503}
    assert answers[120].status_code == 429
    assert answers[120].headers["Retry-After"] == "60"
    assert answers[120].get_json()["retry_after_s"] == 60
    assert client.get("/api/v1/state", headers=token).status_code == 200
