"""The owner's node, played by a local server: right answers, and all the wrong ones."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bitgrid.config.bitcoin import BitcoinNode
from bitgrid.config.secrets import credentials
from bitgrid.feeds.bitcoin.known import Chain
from bitgrid.feeds.bitcoin.node import ask_node
from bitgrid.feeds.web import FetchError, web_fetch
from feeds.bitcoin.answers import DIFFICULTY, HEIGHT, NOW_S, body, info, rpc_error

PASSWORD = "correct-horse-battery"  # noqa: S105  of a node that does not exist
USER = "bitgrid"


class FakeNode(HTTPServer):
    """Answers every question with ``status`` and ``answer``; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.answer = 200, body(info())
        self.length: int | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        node = self.server
        assert isinstance(node, FakeNode)
        told = self.rfile.read(int(self.headers["Content-Length"]))
        node.asked.append((self.headers.get("Authorization", ""), json.loads(told)))
        self.send_response(node.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(node.answer) if node.length is None else node.length))
        self.end_headers()
        self.wfile.write(node.answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[FakeNode]:
    node = FakeNode()
    thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield node
    node.shutdown()
    thread.join()
    node.server_close()


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITGRID_SECRETS_DIR", str(tmp_path))
    file = tmp_path / "bitcoind"
    file.write_text(f"{USER}:{PASSWORD}\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def node(server: FakeNode, secrets: Path) -> BitcoinNode:
    return BitcoinNode(host="127.0.0.1", port=server.server_port, secret=secrets.name)


def ask(node: BitcoinNode) -> Chain:
    return ask_node(node, web_fetch(), NOW_S, credentials)


def test_it_is_asked_one_question_with_its_password(server: FakeNode, node: BitcoinNode) -> None:
    assert ask(node) == Chain(DIFFICULTY, HEIGHT, NOW_S, "own node")
    authorization, question = server.asked[0]
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{USER}:{PASSWORD}"
    assert (question["method"], question["params"]) == ("getblockchaininfo", [])


def test_a_cookie_is_read_anew_each_time(server: FakeNode, tmp_path: Path) -> None:
    cookie = tmp_path / ".cookie"
    node = BitcoinNode(host="127.0.0.1", port=server.server_port, cookie=str(cookie))
    for password in ("aa11", "bb22"):
        cookie.write_text(f"__cookie__:{password}")
        ask(node)
    told = [base64.b64decode(authorization.split()[1]).decode() for authorization, _ in server.asked]
    assert told == ["__cookie__:aa11", "__cookie__:bb22"]


@pytest.mark.parametrize(("written", "said"), [(None, "cannot be read"), ("", "is none"), ("\xff", "no text")])
def test_a_cookie_that_is_none_is_said(tmp_path: Path, written: str | None, said: str) -> None:
    cookie = tmp_path / ".cookie"
    if written is not None:
        cookie.write_bytes(written.encode("latin-1"))
    with pytest.raises(FetchError, match=said):
        ask(BitcoinNode(host="127.0.0.1", port=1, cookie=str(cookie)))


def test_a_pruned_node_is_as_good_and_older_ones_tell_no_time(server: FakeNode, node: BitcoinNode) -> None:
    server.answer = body(info(pruned=True, pruneheight=900_000, time=...))
    assert ask(node) == Chain(DIFFICULTY, HEIGHT, NOW_S, "own node")


def test_a_node_cut_off_for_a_week_tells_of_a_week_ago(server: FakeNode, node: BitcoinNode) -> None:
    server.answer = body(info(time=int(NOW_S) - 7 * 86_400))
    assert ask(node).at_s == int(NOW_S) - 7 * 86_400


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, b"", "does not know the user or the password"),
        (403, b"", "rpcallowip"),
        (500, rpc_error(-28, "Loading block index..."), "while it starts"),
        (200, rpc_error(-28, "Loading block index..."), "still starting"),
        (200, rpc_error(-32601, "Method not found"), "error -32601"),
        (404, b"<html>", "status 404"),
        (200, b"<html><body>Router login</body></html>", "did not send JSON"),
        (200, body(info())[:200], "did not send JSON"),
        (200, b"", "did not send JSON"),
        (200, b"[]", "did not tell of its chain"),
        (200, b'"main"', "did not tell of its chain"),
        (200, body(info(chain="test")), "not on Bitcoin's main chain"),
        (200, body(info(chain="testnet4")), "not on Bitcoin's main chain"),
        (200, body(info(chain="regtest", difficulty=4.6e-10)), "not on Bitcoin's main chain"),
        (200, body(info(initialblockdownload=True)), "catching up"),
        (200, body(info(initialblockdownload=...)), "catching up"),
        (200, body(info(difficulty=0)), "0 as difficulty, which cannot be"),
        (200, body(info(difficulty=-1.5)), "cannot be"),
        (200, body(info(difficulty=1e300)), "cannot be"),
        (200, body(info(difficulty=float("nan"))), "did not send JSON"),
        (200, body(info(difficulty=str(DIFFICULTY))), "no number as difficulty"),
        (200, body(info(difficulty=True)), "no number as difficulty"),
        (200, body(info(difficulty=...)), "no number as difficulty"),
        (200, body(info(blocks=933_586.5)), "no whole number as block height"),
        (200, body(info(blocks=7)), "7 as block height, which cannot be"),
        (200, body(info(blocks=10**30)), "cannot be"),
        (200, body(info(time="now")), "no number as time"),
        (302, b"", "status 302"),
    ],
)
def test_what_is_no_good_answer_is_refused_in_words(
    server: FakeNode, node: BitcoinNode, status: int, answer: bytes, said: str
) -> None:
    server.status, server.answer = status, answer
    with pytest.raises(FetchError, match=said):
        ask(node)


def test_an_answer_cut_off_is_refused(server: FakeNode, node: BitcoinNode) -> None:
    server.length = 10_000
    with pytest.raises(FetchError, match="cannot be reached"):
        ask(node)


def test_a_node_that_is_off_is_said(secrets: Path) -> None:
    with pytest.raises(FetchError, match="cannot be reached"):
        ask(BitcoinNode(host="127.0.0.1", port=1, secret=secrets.name))


@pytest.mark.parametrize("spoil", ["away", "open", "form"])
def test_a_secret_that_cannot_be_used_is_said(node: BitcoinNode, secrets: Path, spoil: str) -> None:
    if spoil == "away":
        secrets.unlink()
    elif spoil == "open":
        secrets.chmod(0o644)
    else:
        secrets.write_text(PASSWORD)
    with pytest.raises(FetchError, match="bitcoind") as caught:
        ask(node)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_the_password_is_in_no_log_and_no_error(
    server: FakeNode, node: BitcoinNode, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    server.status = status
    with caplog.at_level(logging.DEBUG):
        try:
            told = repr(ask(node))
        except FetchError as error:
            told = repr(error) + repr(error.__cause__)
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    for text in (told, caplog.text, repr(node), repr(credentials("bitcoind"))):
        assert PASSWORD not in text
        assert basic not in text
