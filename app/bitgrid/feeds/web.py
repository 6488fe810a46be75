"""Asking a server of the outside world: bounded in time and size, TLS checked, redirects not followed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import httpx

from bitgrid.clock import Clock, SystemClock

MAX_BYTES = 2_000_000
TOTAL_S = 30.0
"""For the whole of an answer, however many pieces it comes in; seconds of the machine."""
PIECE_S = 10.0
USER_AGENT = "BitGrid"


class FetchError(Exception):
    """There was no usable answer; the text says what happened, without headers, tokens or query."""


class Fetch(Protocol):
    """The way to a server, handed to each feed."""

    def __call__(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        post: Mapping[str, Any] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> bytes:
        """The body of a good answer.

        Args:
            url: without a query.
            params: the query.
            headers: such as a token; never logged.
            post: sent as JSON by POST; without it, GET.
            basic: user and password, for servers that ask for them.

        Raises:
            FetchError: no answer in time, none with status 200, or one that is too large.
        """


def web_fetch(transport: httpx.BaseTransport | None = None, machine: Clock | None = None) -> Fetch:
    """A `Fetch` over the real network.

    Args:
        transport: for tests; by default httpx's own.
        machine: the machine's own clock, which the whole time of an answer is measured by.
    """
    clock = machine or SystemClock()

    def fetch(
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        post: Mapping[str, Any] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> bytes:
        host = httpx.URL(url).host
        try:
            with (
                httpx.Client(timeout=PIECE_S, transport=transport, trust_env=False) as client,
                client.stream(
                    "GET" if post is None else "POST",
                    url,
                    params=dict(params) if params else None,
                    headers={"User-Agent": USER_AGENT, **(headers or {})},
                    json=post,
                    auth=basic,
                ) as answer,
            ):
                return _body(answer, host, clock)
        except httpx.TimeoutException:
            raise FetchError(f"{host} did not answer within {PIECE_S:.0f} s") from None
        except httpx.HTTPError as error:
            raise FetchError(f"{host} cannot be reached ({type(error).__name__})") from None

    return fetch


def _body(answer: httpx.Response, host: str, clock: Clock) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise FetchError(f"{host} answered with status {answer.status_code}")
    began_s, body = clock.boot(), bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise FetchError(f"{host} sent more than {MAX_BYTES // 1_000_000} MB")
        if clock.boot() - began_s > TOTAL_S:
            raise FetchError(f"{host} took longer than {TOTAL_S:.0f} s for its answer")
    return bytes(body)


def parse_json(body: bytes, host: str) -> Any:  # noqa: ANN401  any JSON value; each feed's schema checks it
    """JSON of an answer; numbers that are none (NaN, Infinity) are refused.

    Raises:
        FetchError: it is not JSON.
    """
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise FetchError(f"{host} did not send JSON") from None


def _refuse(constant: str) -> float:
    raise ValueError(constant)
