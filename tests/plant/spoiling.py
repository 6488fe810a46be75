"""A port on loopback behind which a device of the simulated house answers, honestly or spoiled in one named way.

It serves one connection at a time, so a driver that needed two at once would never be answered here.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from bitgrid.devices.errors import DeviceError
from bitgrid.devices.transport import ByteExchange, HttpExchange
from devices.peers import Behaviour, dripping, flooding, mute, saying

Face = Callable[[bytes], bytes]
"""A whole request in, a whole answer out."""
Spoil = Callable[[bytes], bytes]
_RESET = struct.pack("ii", 1, 0)
OK = b"HTTP/1.1 200 OK\r\n"
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


@dataclass(frozen=True)
class Fault:
    """One way of going wrong.

    Args:
        behave: what happens instead of the device's answer; None: it is asked, and its answer spoiled.
        spoil: its answer, made wrong.
        is_plain: whether any driver must notice; else it may read on what is still right.
        is_slow: whether it ends by time alone.
        drops: the connection is reset after the answer.
    """

    behave: Behaviour | None = None
    spoil: Spoil = bytes
    is_plain: bool = True
    is_slow: bool = False
    drops: bool = False


HONEST = Fault()


@dataclass
class Device:
    """What stands behind the port: it can be made to go wrong, and right again."""

    face: Face
    is_http: bool
    fault: Fault = HONEST

    def __call__(self, connection: socket.socket, done: threading.Event) -> None:
        """One connection: see `devices.peers.Behaviour`."""
        fault = self.fault
        if fault.behave is not None:
            fault.behave(connection, done)
            return
        question = _http_request(connection) if self.is_http else connection.recv(4096)
        if not question:
            return
        connection.sendall(fault.spoil(self.face(question)))
        if fault.drops:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def over_http(face: HttpExchange) -> Face:
    """A face of the plant as bytes over HTTP/1.1."""

    def answered(question: bytes) -> bytes:
        head, _, body = question.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ")
        answer = face(method, target, body, dict(line.split(": ", 1) for line in lines))
        headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        return _http(answer.status, answer.body, headers)

    return answered


def over_tcp(face: ByteExchange) -> Face:
    """A face of the plant that speaks the cgminer API."""
    return face


def _http_request(connection: socket.socket) -> bytes:
    question = b""
    while b"\r\n\r\n" not in question or len(question) < _length(question):
        part = connection.recv(4096)
        if not part:
            return b""
        question += part
    return question


def _length(question: bytes) -> int:
    head, _, _ = question.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + 4 + (int(lengths[0]) if lengths else 0)


def _http(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _status(status: int, body: bytes = b"", headers: str = "") -> Fault:
    return Fault(saying(_http(status, body, headers)))


def _body(change: Callable[[bytes], bytes], *, is_plain: bool = True) -> Fault:
    """A good answer's body, changed, its length told rightly: of HTTP, or all there is of the cgminer API."""

    def spoil(answer: bytes) -> bytes:
        head, middle, body = answer.partition(b"\r\n\r\n")
        if not middle:
            return change(answer.rstrip(b"\0")) + b"\0"
        return _http(200, change(body)) if head.startswith(OK.rstrip()) else answer

    return Fault(spoil=spoil, is_plain=is_plain)


def _figures(wrong: Any) -> Fault:  # noqa: ANN401  any JSON value
    """Every number in the answer is something else."""
    return _leaves(lambda leaf: wrong if isinstance(leaf, int | float) and not isinstance(leaf, bool) else leaf)


def _flags(wrong: object) -> Fault:
    """Every truth value in the answer is something else."""
    return _leaves(lambda leaf: wrong if isinstance(leaf, bool) else leaf)


def _leaves(change: Callable[[Any], Any]) -> Fault:
    return _body(lambda body: json.dumps(_changed(json.loads(body), change)).encode(), is_plain=False)


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, dict):
        return {name: _changed(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, change) for inner in value]
    return change(value)


def _told_twice(body: bytes) -> bytes:
    """Every member of every object twice: first as it is, then as zero, false or nothing."""

    def text(value: Any) -> str:  # noqa: ANN401  any JSON value
        if isinstance(value, list):
            return f"[{', '.join(map(text, value))}]"
        if not isinstance(value, dict):
            return json.dumps(value)
        members = (
            f"{json.dumps(name)}: {one}" for name in value for one in (text(value[name]), _nothing(value[name]))
        )
        return f"{{{', '.join(members)}}}"

    return text(json.loads(body)).encode()


def _nothing(value: Any) -> str:  # noqa: ANN401  any JSON value
    return "false" if isinstance(value, bool) else "0" if isinstance(value, int | float) else '""'


def _deep(body: bytes) -> bytes:
    return b'{"a":' * 600 + body + b"}" * 600


def _deep_leaves(leaf: Any) -> Any:  # noqa: ANN401  any JSON value
    for _ in range(500):
        leaf = [leaf]
    return leaf


def _cut(share: float, *, drops: bool = False) -> Fault:
    return Fault(spoil=lambda answer: answer[: int(len(answer) * share)], drops=drops)


def _longer(answer: bytes) -> bytes:
    """Says that it is longer than it is."""
    head, middle, body = answer.partition(b"\r\n\r\n")
    return head.replace(b"Content-Length: ", b"Content-Length: 1") + middle + body


def _shorter(answer: bytes) -> bytes:
    return answer.replace(b"Content-Length: ", b"Content-Length: 1\r\nX-Was: ")


def _fallen(_connection: socket.socket, _done: threading.Event) -> None:
    """Taken and closed without a word, as by a device that serves somebody else already."""
    _connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


ANY_WIRE = {
    "half-open": Fault(mute, is_slow=True),
    "one connection, and another has it": Fault(_fallen),
    "reset in the middle": _cut(0.5, drops=True),
    "ends in the middle": _cut(0.6),
    "garbage": Fault(saying(b"\x00\xff\xfe garbage \r\n\r\n{]")),
    "not UTF-8": _body(lambda body: b'{"name": "K\xe4se", ' + body.lstrip()[1:]),
    "half its JSON": _body(lambda body: body[: len(body) // 2]),
    "two objects": _body(lambda body: body + body),
    "a list": _body(lambda body: b"[" + body + b"]"),
    "nested too deeply": _body(_deep),
    "nothing in it": _body(lambda _body: b"{}", is_plain=False),
    "all told twice": _body(_told_twice, is_plain=False),
    "all null": _leaves(lambda _leaf: None),
    "all lists": _leaves(lambda leaf: [leaf]),
    "all nested deeply": _leaves(_deep_leaves),
    "all text": _leaves(str),
    "flags as numbers": _flags(0),
    "flags in words": _flags("false"),
    "figures NaN": _figures(float("nan")),
    "figures infinite": _figures(float("inf")),
    "figures too large": _figures(10**400),
    "figures of no home": _figures(1e17),
    "figures in words": _figures("warm"),
    "figures by Python alone": _figures("1_0"),
}
HTTP_WIRE = {
    **{f"status {status}": _status(status, b"no") for status in (400, 401, 403, 404, 405, 429, 500, 503)},
    "status 401 that asks": _status(401, b"", 'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"\r\n'),
    "redirect": _status(302, b"", "Location: http://192.0.2.1/login\r\n"),
    "a page": _status(200, PAGE, "Content-Type: text/html\r\n"),
    "other than HTTP": Fault(saying(b"SSH-2.0-OpenSSH_9.2\r\n")),
    "length too long": Fault(spoil=_longer),
    "length too short": Fault(spoil=_shorter),
    "chunks that break off": Fault(saying(OK + b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"a')),
    "chunks without end": Fault(flooding(OK + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n")),
    "body without end": Fault(flooding(OK + b"\r\n")),
    "headers that drip": Fault(dripping(OK, b"X-Drop: 1\r\n"), is_slow=True),
    "body that drips": Fault(dripping(OK + b"Content-Length: 9000\r\n\r\n{", b" "), is_slow=True),
}


def _says(status: str) -> Fault:
    """A well-formed refusal, of a question that was taken."""

    return _answers(lambda told: told | {"STATUS": [{"STATUS": status, "Code": 14, "Msg": "no"}]})


def _answers(change: Callable[[dict[str, Any]], dict[str, Any]], *, is_plain: bool = True) -> Fault:
    """Each answer changed: the whole of it, or every part of one to several commands in one request."""

    def changed(body: bytes) -> bytes:
        told = json.loads(body)
        if "STATUS" not in told:
            told = {
                name: [change(one) for one in part] if isinstance(part, list) else part
                for name, part in told.items()
            }
        else:
            told = change(told)
        return json.dumps(told).encode()

    return _body(changed, is_plain=is_plain)


def _without_sections(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in told if name in {"STATUS", "id"}}


TCP_WIRE = {
    "status E": _says("E"),
    "status F": _says("F"),
    "no status": _answers(lambda told: told | {"STATUS": []}),
    "no sections": _answers(_without_sections, is_plain=False),
    "a page": Fault(saying(PAGE)),
    "answer without end": Fault(flooding(b"{")),
    "answer that drips": Fault(dripping(b"{", b" "), is_slow=True),
    "no NUL": Fault(spoil=lambda answer: answer.rstrip(b"\0"), is_plain=False),
    "many NULs, and more": Fault(spoil=lambda answer: answer + b'\0\0{"STATUS":[]}\0', is_plain=False),
}


def fails(act: Callable[[], object]) -> bool:
    """Whether it says that it failed, in the one way that is allowed."""
    words = ""
    try:
        act()
    except DeviceError as error:
        words = str(error)
    assert len(words) < 600, "what a device sent does not flood the log"
    return bool(words)
