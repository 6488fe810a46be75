"""Passwords of simulated devices, against the product's own way of answering them."""

from __future__ import annotations

import socket

import pytest

from bitgrid.config.secrets import Credentials
from bitgrid.devices.authentication import authenticated
from bitgrid.devices.sockets import http_exchange
from bitgrid.devices.transport import HttpAnswer
from bitgrid.plant.faces.guarded import NONCE_LASTS_S, GuardedFace, Scheme
from bitgrid.plant.listeners import http_listener

WHO = Credentials("admin", "Käse:1")


def face(scheme: Scheme, now: list[int]) -> GuardedFace:
    return GuardedFace(lambda *_: HttpAnswer(200, b"in"), WHO, scheme, lambda: now[0])


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_only_who_knows_the_password_is_let_in(scheme: Scheme) -> None:
    guarded = face(scheme, [0])
    assert guarded("GET", "/x").status == 401
    assert authenticated(guarded, WHO)("GET", "/x?a=1").body == b"in"
    assert authenticated(guarded, Credentials("admin", "other"))("GET", "/x").status == 401
    assert authenticated(guarded, Credentials("other", WHO.password))("GET", "/x").status == 401


def test_a_nonce_grows_old_and_is_asked_for_anew() -> None:
    now = [0]
    exchange = authenticated(face("digest", now), WHO)
    for now[0] in range(0, 3 * NONCE_LASTS_S, NONCE_LASTS_S // 2):
        assert exchange("GET", "/x").status == 200


def test_an_answer_for_one_address_opens_no_other() -> None:
    guarded, heard = face("digest", [0]), []

    def listening(method: str, target: str, body: bytes = b"", headers: object = None) -> HttpAnswer:
        heard.append(headers)
        return guarded(method, target, body, headers or {})

    authenticated(listening, WHO)("GET", "/rpc/Switch.GetStatus?id=0")
    assert guarded("GET", "/rpc/Switch.GetStatus?id=0", b"", heard[-1]).status == 200
    assert guarded("GET", "/rpc/Switch.Set?id=0&on=true", b"", heard[-1]).status == 401


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_over_a_real_socket_headers_go_both_ways(scheme: Scheme) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    listener = http_listener("127.0.0.1", port, face(scheme, [0]))
    try:
        exchange = authenticated(http_exchange("127.0.0.1", port, 2.0), WHO)
        assert [exchange(method, "/x?a=1", b"{}").status for method in ("GET", "PUT", "POST")] == [200] * 3
        assert http_exchange("127.0.0.1", port, 2.0)("GET", "/x").status == 401
    finally:
        listener.stop()
