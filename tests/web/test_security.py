from __future__ import annotations

import ast
import dataclasses
import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.explain import LANGUAGES, Texts
from bitgrid.web import Asker, HouseView, create_app
from bitgrid.web.rooms.showing import ROOMS
from web.talk import REPOSITORY, Talk

WEB = REPOSITORY / "app" / "bitgrid" / "web"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "[::1]"])
def test_its_own_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil"])
def test_a_foreign_name_that_leads_here_is_not_answered(client: FlaskClient, host: str) -> None:
    response = client.get("/api/v1/state", headers={"Host": host})
    assert response.status_code == 421
    assert "site.yaml" in response.get_json()["detail"]
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.fixture
def behind_a_proxy(config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView) -> FlaskClient:
    web = config.site.web.model_copy(update={"names": ["BitGrid.local"]})
    served = dataclasses.replace(config, site=config.site.model_copy(update={"web": web}))
    return create_app(served, view, Asker("home", bus, clock), clock).test_client()


@pytest.mark.parametrize(
    "host", ["bitgrid.local", "BITGRID.local:443", "192.168.1.10", "[fd00::1]:443", "127.0.0.1"]
)
def test_behind_a_proxy_it_answers_to_its_name_and_to_bare_addresses(
    behind_a_proxy: FlaskClient, host: str
) -> None:
    assert behind_a_proxy.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "bitgrid.local.evil.example", "192.168.1.10.evil.example", "[evil]"]
)
def test_behind_a_proxy_a_foreign_name_is_foreign_still(behind_a_proxy: FlaskClient, host: str) -> None:
    assert behind_a_proxy.get("/api/v1/health", headers={"Host": host}).status_code == 421


def test_without_a_proxy_a_bare_address_is_foreign(client: FlaskClient) -> None:
    assert client.get("/api/v1/health", headers={"Host": "192.168.1.10"}).status_code == 421


@pytest.mark.parametrize("path", ["/api/v1/override", "/api/v1/estop"])
def test_another_site_s_script_cannot_ask_for_anything(client: FlaskClient, talk: Talk, path: str) -> None:
    talk.answer()
    response = client.post(path, json={"engage": True}, headers={"Origin": "http://evil.example"})
    assert response.status_code == 403
    assert talk.asked == []


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    for path in ("/", "/fragments/now", "/api/v1/state", "/api/v1/moon", "/moon"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"


def test_nothing_inline_and_nothing_from_elsewhere_is_in_the_page(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    html = client.get("/").get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)
    assert '"allowEval": false' in html
    assert '"includeIndicatorStyles": false' in html


def test_vendored_files_are_the_ones_that_were_named() -> None:
    vendor = WEB / "static" / "vendor"
    table = (vendor / "VENDORED.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| (\S+\.(?:js|css)) .*?\| ([0-9a-f]{64}) \|$", table, re.MULTILINE))
    files = [path for path in vendor.iterdir() if path.suffix in {".js", ".css"}]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == named
    assert len(files) == 4


def test_the_page_s_own_files_are_small() -> None:
    files = [path for path in (WEB / "static").rglob("*") if path.suffix in {".js", ".css"}]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 60_000


def imported_by(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_the_web_never_touches_a_device() -> None:
    for path in WEB.rglob("*.py"):
        for name in imported_by(path):
            assert not name.startswith(("bitgrid.devices", "bitgrid.control", "bitgrid.guard")), path


def test_every_text_a_template_or_card_asks_for_is_there() -> None:
    texts = Texts(WEB / "texts")
    assert texts.keys("de") == texts.keys("en")
    sources = [*WEB.rglob("*.html"), *WEB.rglob("*.py")]
    asked = {
        key
        for path in sources
        for key in re.findall(r"""\bt\(\s*["']([a-z][\w-]*)["']\s*[,)]""", path.read_text(encoding="utf-8"))
    }
    asked |= {f"room-{room}" for room in ROOMS}
    assert len(asked) > 40
    for language in LANGUAGES:
        assert asked <= texts.keys(language)


def source_of(language: str) -> str:
    """All texts of a language as they are written."""
    files = (WEB / "texts").glob(f"*{language}.ftl")
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))


def test_every_text_reads_whole_in_both_languages() -> None:
    texts = Texts(WEB / "texts")
    for language in LANGUAGES:
        source = source_of(language)
        values: dict[str, str | int] = dict.fromkeys(re.findall(r"\$(\w+)", source), "x")
        for key in texts.keys(language):
            assert texts.attempt(language, key, values)[1] == [], key


def test_both_languages_want_the_same_values() -> None:
    def wanted(language: str) -> dict[str, list[str]]:
        source = source_of(language)
        return {
            line.split(" =")[0]: sorted(re.findall(r"\$(\w+)", line))
            for line in source.splitlines()
            if " = " in line and not line.startswith("#")
        }

    assert wanted("de") == wanted("en")
