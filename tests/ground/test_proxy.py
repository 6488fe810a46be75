"""The proxy as it is installed, before an upstream that repeats what it was told: who asked; what comes back."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jinja2
import pytest

from bitgrid.ops.host.certificates import Authority
from broker import eventually, free_port
from ground.rules import ROOT

ROLE = ROOT / "ansible" / "roles" / "proxy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = [pytest.mark.system, pytest.mark.skipif(NGINX is None, reason="nginx is not installed")]
TYPES = {
    "/static/page.css": "text/css; charset=utf-8",
    "/static/page.js": "text/javascript; charset=utf-8",
    "/static/icon.svg": "image/svg+xml; charset=utf-8",
    "/api/v1/now": "application/json",
    "/": "text/html; charset=utf-8",
    "/system": "text/html; charset=utf-8",
    "/system/token": "text/html; charset=utf-8",
    "/login": "text/html; charset=utf-8",
    "/begin": "text/html; charset=utf-8",
    "/ws": "text/html; charset=utf-8",
    "/static/icon-192.png": "image/png",
}


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it was told, and enough beside it to be worth making small."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/away"):
            self.close_connection = True  # without a word, as when nobody listens any more
            return
        if self.path == "/silent":
            self.send_response(504)
            self.send_header("Content-Length", str(len(b"its own words")))
            self.end_headers()
            self.wfile.write(b"its own words")
            return
        body = json.dumps({"told": list(self.headers.items()), "more": "x" * 4000}).encode()
        self.send_response(200)
        self.send_header("Content-Type", TYPES[self.path])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002  as the base calls it
        """Nobody reads it."""


def rendered(work: Path, port: int, upstream: int) -> str:
    """The role's own file, at other places and one port of loopback."""
    world = jinja2.Environment(loader=jinja2.FileSystemLoader(ROLE / "templates"), trim_blocks=True)  # noqa: S701  no page
    text = world.get_template("nginx.conf.j2").render(
        ansible_managed="made for a test",
        bitgrid_proxy_names=["bitgrid.local"],
        bitgrid_proxy_upstream=f"127.0.0.1:{upstream}",
        bitgrid_proxy_rate=20,
        bitgrid_proxy_burst=60,
        bitgrid_proxy_connections=20,
    )
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen [::]:80;": "",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "listen [::]:443 ssl;": "",
        "/run/bitgrid-proxy": str(work),
        "/run/credentials/bitgrid-proxy.service/web.key": str(work / "web.key"),
        "/etc/bitgrid/tls/": f"{work}/",
        "/etc/bitgrid-proxy/asked-by.conf": str(ROLE / "files" / "asked-by.conf"),
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    return f"user root;\n{text}"


@contextlib.contextmanager
def proxied(work: Path, upstream: int) -> Iterator[int]:
    """The proxy before a port at which somebody may answer; the port at which it does."""
    port = free_port()
    authority = Authority(work, "bitgrid.local")
    authority.make()
    authority.certify("web", ["bitgrid.local", "127.0.0.1"])
    (work / "nginx.conf").write_text(rendered(work, port, upstream))
    assert NGINX is not None
    with (work / "log").open("wb") as log:
        process = subprocess.Popen([NGINX, "-c", work / "nginx.conf", "-e", "stderr"], stdout=log, stderr=log)
    try:
        eventually(lambda: process.poll() is not None or _is_there(port), "the proxy listens")
        assert process.poll() is None, (work / "log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with proxied(tmp_path_factory.mktemp("proxy"), server.server_port) as port:
        yield port
    server.shutdown()
    server.server_close()


def _is_there(port: int) -> bool:
    try:
        ask(port, "/")
    except OSError:
        return False
    return True


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Host": "bitgrid.local", **named})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def told(port: int, path: str, **headers: str) -> dict[str, list[str]]:
    """What the house was told of a visitor, by the header's name."""
    found: dict[str, list[str]] = {}
    for name, value in json.loads(ask(port, path, **headers)[1])["told"]:
        found.setdefault(name.lower(), []).append(value)
    return found


@pytest.mark.parametrize("path", ["/away", "/system/away"])
def test_while_the_house_starts_anew_the_page_asks_again_by_itself(port: int, path: str) -> None:
    answer, body = ask(port, path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert b'http-equiv="refresh" content="5"' in body
    assert answer.headers["Strict-Transport-Security"]


def test_a_refusal_of_the_houses_own_comes_as_it_is(port: int) -> None:
    answer, body = ask(port, "/silent")
    assert (answer.status, body) == (504, b"its own words")


@pytest.mark.parametrize("path", ["/", "/system", "/login", "/ws"])
def test_who_asked_is_told_by_the_proxy_alone(port: int, path: str) -> None:
    said = told(
        port,
        path,
        X_Forwarded_For="203.0.113.5",
        X_Forwarded_Proto="http",
        X_Forwarded_Host="evil.example",
        Forwarded="for=203.0.113.5",
        Authorization="Bearer bitgrid.x.y",
    )
    assert said["x-forwarded-for"] == ["127.0.0.1"]
    assert said["x-forwarded-proto"] == ["https"]
    assert said["x-forwarded-host"] == said["host"] == ["bitgrid.local"]
    assert "forwarded" not in said
    assert said["authorization"] == ["Bearer bitgrid.x.y"]


def test_a_live_connection_is_handed_on_and_only_there(port: int) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    assert told(port, "/ws", **headers)["upgrade"] == ["websocket"]
    assert "upgrade" not in told(port, "/", **headers)


@pytest.mark.parametrize("path", ["/static/page.css", "/static/page.js", "/static/icon.svg", "/api/v1/now", "/"])
def test_what_is_text_travels_small(port: int, path: str) -> None:
    answer, body = ask(port, path, Accept_Encoding="gzip")
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert len(body) < 1000 < len(gzip.decompress(body))
    assert ask(port, path)[0].headers["Content-Encoding"] is None


@pytest.mark.parametrize("path", ["/system", "/system/token", "/login", "/begin", "/static/icon-192.png"])
def test_where_a_secret_may_stand_its_length_tells_nothing(port: int, path: str) -> None:
    answer, body = ask(port, path, Accept_Encoding="gzip")
    assert (answer.headers["Content-Encoding"], len(body) > 4000) == (None, True)


def test_strict_transport_is_said_on_every_answer(port: int) -> None:
    for path in ("/", "/system", "/ws"):
        assert ask(port, path)[0].headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_screen_that_nobody_touches_waits_for_a_house_that_starts(tmp_path: Path) -> None:
    again = b'http-equiv="refresh"'
    with proxied(tmp_path, free_port()) as port:
        for path in ("/", "/login", "/static/page.css"):
            answer, body = ask(port, path)
            assert (answer.status, again in body) == (503, True), path
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        answer, body = ask(port, "/login", "POST")
        assert (answer.status, again in body) == (503, False), "what was sent is not asked for as a page"
