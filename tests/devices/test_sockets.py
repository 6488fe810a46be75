"""Exchanges against real sockets on loopback. Their time-outs are the machine's."""

from __future__ import annotations

import socket

import pytest

from bitgrid.clock import SystemClock
from bitgrid.devices.errors import DeviceNonsense, DeviceSilent
from bitgrid.devices.sockets import http_exchange, tcp_exchange
from bitgrid.devices.transport import HttpAnswer
from devices.peers import Behaviour, dripping, flooding, mute, peer, resetting, saying, staying

TIMEOUT_S, AT_MOST_S = 0.25, 1.5
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"


def tcp(behaviour: Behaviour, request: bytes = b"question") -> bytes:
    with peer(behaviour) as port:
        return tcp_exchange("127.0.0.1", port, TIMEOUT_S)(request)


def http(behaviour: Behaviour, method: str = "GET") -> HttpAnswer:
    with peer(behaviour) as port:
        return http_exchange("127.0.0.1", port, TIMEOUT_S)(
            method, "/path?id=0", b"{}" if method == "POST" else b""
        )


def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize("answer", [b"answer", b"answer\0", b"", b"a" * 200_000])
def test_an_answer_ends_with_the_connection(answer: bytes) -> None:
    assert tcp(saying(answer)) == answer


def test_an_answer_ends_with_nul_even_if_the_connection_stays() -> None:
    assert tcp(staying(b"answer\0")) == b"answer\0"


@pytest.mark.parametrize("answer", [OK, CHUNKED])
@pytest.mark.parametrize("ending", [saying, staying])
def test_an_http_answer_is_read_to_its_end_whether_or_not_the_connection_stays(
    answer: bytes, ending: type[Behaviour]
) -> None:
    assert http(ending(answer)) == HttpAnswer(200, b"good")


@pytest.mark.parametrize("status", [401, 404, 500, 302])
def test_any_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    answer = f"HTTP/1.1 {status} X\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n".encode()
    assert http(saying(answer), "POST") == HttpAnswer(status, b"")


@pytest.mark.parametrize(
    "behaviour",
    [
        mute,
        resetting,
        dripping(b"", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x"),
    ],
)
@pytest.mark.parametrize("exchange", [tcp, http])
def test_whatever_the_other_side_does_an_exchange_ends_in_time(behaviour: Behaviour, exchange: type) -> None:
    began = SystemClock().boot()
    with pytest.raises((DeviceSilent, DeviceNonsense)) as caught:
        exchange(behaviour)
    assert SystemClock().boot() - began < AT_MOST_S
    assert "127.0.0.1:" in str(caught.value)


@pytest.mark.parametrize("behaviour", [mute, resetting, dripping(b"", b"x")])
def test_half_an_answer_is_silence(behaviour: Behaviour) -> None:
    with pytest.raises(DeviceSilent, match="Look at its power and network"):
        tcp(behaviour)


def test_an_answer_without_end_is_refused() -> None:
    with pytest.raises(DeviceNonsense, match="more than 262144 bytes"):
        tcp(flooding(b""))
    with pytest.raises(DeviceNonsense, match="more than 262144 bytes"):
        http(flooding(b"HTTP/1.1 200 OK\r\n\r\n"))


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe\x00garbage",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_not_http_is_nonsense(garbage: bytes) -> None:
    with pytest.raises(DeviceNonsense, match="does not speak HTTP"):
        http(saying(garbage))


@pytest.mark.parametrize("exchange", [tcp_exchange, http_exchange])
def test_where_nobody_listens_there_is_silence(exchange: type) -> None:
    made = exchange("127.0.0.1", nobody(), TIMEOUT_S)
    arguments = (b"question",) if exchange is tcp_exchange else ("GET", "/")
    with pytest.raises(DeviceSilent, match="Connection refused"):
        made(*arguments)


def test_a_device_that_comes_back_is_heard_again() -> None:
    with peer(resetting, saying(b"answer")) as port:
        exchange = tcp_exchange("127.0.0.1", port, TIMEOUT_S)
        with pytest.raises(DeviceSilent):
            exchange(b"question")
        assert exchange(b"question") == b"answer"
