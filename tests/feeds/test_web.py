"""Asking a server: what it does wrong costs a bounded time, a bounded size, and a word that tells no secret."""

from __future__ import annotations

import gzip
import itertools
import logging
import shutil
import ssl
import subprocess
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bitgrid.clock import HeldClock
from bitgrid.feeds.web import FetchError, Limits, parse_json, web_fetch
from feeds.local_server import LocalServer, Say, Script, answer, local_server

QUIET = "0f5e1b6c-a-token"
QUICK = Limits(max_bytes=10_000, total_s=30.0, piece_s=5.0)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with local_server() as server:
        yield server


class Stopwatch(HeldClock):
    """A machine's clock that stands until the server has begun to drip, and then is past every deadline."""

    def __init__(self) -> None:
        super().__init__()
        self.dripping = threading.Event()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        assert self.dripping.wait(10), "the server never began"
        self.boot_s += seconds
        return event.is_set()


def test_a_good_answer(server: LocalServer) -> None:
    server.script = answer(b'{"a": 1}', "200 OK", "Content-Type: application/json")
    assert web_fetch()(f"{server.url}/v1/prices", params={"zone": "DE-LU"}) == b'{"a": 1}'
    asked = server.asked[0].lower()
    assert asked.startswith("get /v1/prices?zone=de-lu http/1.1")
    assert "user-agent: bitgrid" in asked
    assert "accept-encoding: identity" in asked


def test_what_is_posted_and_who_asks(server: LocalServer) -> None:
    web_fetch()(server.url, post={"query": "{ viewer }"}, headers={"Authorization": "Bearer t"})
    web_fetch()(server.url, basic=("user", "password"))
    assert server.asked[0].startswith("POST / ")
    assert "Authorization: Bearer t" in server.asked[0]
    assert server.asked[0].endswith('{"query":"{ viewer }"}')
    assert "Authorization: Basic dXNlcjpwYXNzd29yZA==" in server.asked[1]


def test_what_the_server_calls_its_answer_does_not_matter(server: LocalServer) -> None:
    server.script = answer(b'{"a": 1}', "200 OK", "Content-Type: text/html")
    assert parse_json(web_fetch()(server.url), "here") == {"a": 1}


@pytest.mark.parametrize(
    "status", ["500 Internal Server Error", "404 Not Found", "204 No Content", "429 Slow Down"]
)
def test_any_other_status_is_no_answer(server: LocalServer, status: str) -> None:
    server.script = answer(b'{"a": 1}' if status[0] != "2" else b"", status)
    with pytest.raises(FetchError, match=rf"127\.0\.0\.1 answered with status {status[:3]}"):
        web_fetch()(server.url)


def test_a_redirect_is_not_followed(server: LocalServer) -> None:
    server.script = answer(b"", "302 Found", f"Location: {server.url}/elsewhere")
    with pytest.raises(FetchError, match="status 302"):
        web_fetch()(server.url, headers={"Authorization": "Bearer t"})
    assert len(server.asked) == 1


def test_a_compressed_answer_is_refused_before_it_is_unfolded(server: LocalServer) -> None:
    server.script = answer(gzip.compress(bytes(10_000_000)), "200 OK", "Content-Encoding: gzip")
    with pytest.raises(FetchError, match="sent a compressed answer"):
        web_fetch()(server.url)


def test_an_endless_answer_is_left(server: LocalServer) -> None:
    left = threading.Event()

    def endless(say: Say) -> None:
        say(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            for _ in itertools.count():
                say(b"x" * 1000)
        finally:
            left.set()

    server.script = endless
    with pytest.raises(FetchError, match=r"sent more than 0\.01 MB"):
        web_fetch(limits=QUICK)(server.url)
    assert left.wait(10), "the connection is closed"


def test_an_answer_cut_off_is_none(server: LocalServer) -> None:
    server.script = lambda say: say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    with pytest.raises(FetchError, match=r"cannot be reached \(RemoteProtocolError\)"):
        web_fetch()(server.url)


def test_what_speaks_no_http_is_no_answer(server: LocalServer) -> None:
    server.script = lambda say: say(b"220 mail.example ESMTP\r\n")
    with pytest.raises(FetchError, match=r"cannot be reached \(RemoteProtocolError\)"):
        web_fetch()(server.url)


def test_a_server_that_is_not_there() -> None:
    with local_server() as server:
        url = server.url
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 cannot be reached \(ConnectError\)"):
        web_fetch()(url)


def test_a_silent_server_is_left_after_the_time_for_a_piece(server: LocalServer) -> None:
    end = threading.Event()
    server.script = lambda _say: (end.wait(10), None)[1]
    with pytest.raises(FetchError, match=r"did not answer within 0\.05 s"):
        web_fetch(limits=QUICK._replace(piece_s=0.05))(server.url)
    end.set()


@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_a_server_that_drips_is_left_in_its_head_or_its_body(server: LocalServer, first: bytes) -> None:
    """Each piece comes in time, the whole would take for ever; it is the connection's end that ends the wait."""
    machine, left = Stopwatch(), threading.Event()
    server.script = dripping(first, machine, left)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 took longer than 30 s for its answer"):
        web_fetch(machine=machine, limits=QUICK)(server.url)
    assert left.wait(10), "the connection is closed"


def dripping(first: bytes, machine: Stopwatch, left: threading.Event) -> Script:
    """Says a little, and then ever one byte more, until nobody listens."""

    def drip(say: Say) -> None:
        say(first)
        machine.dripping.set()
        try:
            while not left.wait(0.01):
                say(b"y")
        except OSError:
            left.set()

    return drip


def test_no_thread_is_left_behind(server: LocalServer) -> None:
    web_fetch()(server.url)
    assert "deadline" not in {thread.name for thread in threading.enumerate()}


def test_a_token_is_in_no_log_and_in_no_error(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    fetch, errors = web_fetch(limits=QUICK), []
    with caplog.at_level(logging.DEBUG):
        fetch(server.url, params={"securityToken": QUIET}, headers={"Authorization": f"Bearer {QUIET}"})
        for script in (answer(QUIET.encode(), "500 Busy"), lambda say: say(b"")):
            server.script = script
            with pytest.raises(FetchError) as caught:
                fetch(server.url, params={"securityToken": QUIET}, basic=("me", QUIET))
            errors.append(caught.value)
    told = caplog.text + "".join(repr(error) + "".join(traceback.format_exception(error)) for error in errors)
    assert QUIET not in told
    assert len(server.asked) == 3
    assert all(QUIET in asked for asked in server.asked), "it was told to the server alone"


@pytest.fixture
def tls(server: LocalServer, tmp_path: Path) -> Path:
    """The server speaks TLS; its certificate, which nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *kind, *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return certificate


def by_tls(server: LocalServer) -> str:
    return server.url.replace("http://127.0.0.1", "https://localhost")


def trusting(certificate: Path) -> httpx.HTTPTransport:
    return httpx.HTTPTransport(verify=ssl.create_default_context(cafile=certificate))


@pytest.mark.usefixtures("tls")
def test_a_certificate_nobody_vouches_for_is_refused(server: LocalServer) -> None:
    with pytest.raises(FetchError, match=r"localhost cannot be reached \(ConnectError\)"):
        web_fetch()(by_tls(server), headers={"Authorization": f"Bearer {QUIET}"})
    assert server.asked == [], "nothing was told"


def test_a_certificate_somebody_vouches_for_is_taken(server: LocalServer, tls: Path) -> None:
    assert web_fetch(trusting(tls))(by_tls(server)) == b"{}"


def test_a_server_that_drips_by_tls_is_left_too(server: LocalServer, tls: Path) -> None:
    machine = Stopwatch()
    server.script = dripping(b"HTTP/1.1 200 OK\r\nX-", machine, threading.Event())
    with pytest.raises(FetchError, match="localhost took longer than 30 s for its answer"):
        web_fetch(trusting(tls), machine, QUICK)(by_tls(server))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"NaN", b"[Infinity]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(FetchError, match="here did not send JSON"):
        parse_json(body, "here")
