"""Asking a server of the outside world: bounded in time and size, TLS checked, redirects not followed.

Answers are asked for as they are: a compressed one, which may unfold to a thousand times its size, is refused.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import httpx

from bitgrid.clock import Clock, SystemClock

MAX_BYTES = 2_000_000
TOTAL_S = 30.0
"""For the whole of an answer, its head included, however many pieces it comes in; seconds of the machine."""
PIECE_S = 10.0
USER_AGENT = "BitGrid"

for _name in ("httpx", "httpcore"):
    # They would log every address with its query, and a token may be in it.
    logging.getLogger(_name).setLevel(logging.WARNING)


class Limits(NamedTuple):
    """How much of a server's time and words is taken: bytes; seconds of the machine in all, and for each piece."""

    max_bytes: int = MAX_BYTES
    total_s: float = TOTAL_S
    piece_s: float = PIECE_S


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


def web_fetch(
    transport: httpx.BaseTransport | None = None, machine: Clock | None = None, limits: Limits | None = None
) -> Fetch:
    """A `Fetch` over the real network.

    Args:
        transport: for tests; by default httpx's own.
        machine: the machine's own clock, which the whole time of an answer is measured by.
        limits: of time and size.
    """
    clock, bounds = machine or SystemClock(), limits or Limits()

    def fetch(
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        post: Mapping[str, Any] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> bytes:
        host = httpx.URL(url).host
        with _Deadline(clock, bounds.total_s) as deadline:
            try:
                with (
                    httpx.Client(timeout=bounds.piece_s, transport=transport, trust_env=False) as client,
                    client.stream(
                        "GET" if post is None else "POST",
                        url,
                        params=dict(params) if params else None,
                        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})},
                        json=post,
                        auth=basic,
                        extensions={"trace": deadline.trace},
                    ) as answer,
                ):
                    return _body(answer, host, deadline, bounds)
            except httpx.TimeoutException:
                raise FetchError(f"{host} did not answer within {bounds.piece_s:g} s") from None
            except httpx.HTTPError as error:
                deadline.check(host)
                raise FetchError(f"{host} cannot be reached ({type(error).__name__})") from None

    return fetch


def _body(answer: httpx.Response, host: str, deadline: _Deadline, limits: Limits) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise FetchError(f"{host} answered with status {answer.status_code}")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError(f"{host} sent a compressed answer, though it was asked not to")
    body = bytearray()
    for piece in answer.iter_raw():
        body += piece
        if len(body) > limits.max_bytes:
            raise FetchError(f"{host} sent more than {limits.max_bytes / 1e6:g} MB")
        deadline.check(host)
    deadline.check(host)
    return bytes(body)


class _Deadline:
    """Ends a connection whose answer takes too long in all: a server may send each piece in time, and no end.

    httpx has time-outs for pieces alone, and its trace hands out the connection; shut down, its reader wakes.
    """

    def __init__(self, clock: Clock, total_s: float) -> None:
        self._clock, self._total_s = clock, total_s
        self._ends_boot_s = clock.boot() + total_s
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._watch = threading.Thread(target=self._wait, name="deadline", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._watch.join()

    def trace(self, event: str, told: Mapping[str, Any]) -> None:
        """Called by the transport with everything that happens to the connection."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._socket = told["return_value"].get_extra_info("socket")
            self._end_if_late()

    def check(self, host: str) -> None:
        """Raise if the time is over.

        Raises:
            FetchError: it is.
        """
        if self._is_late():
            raise FetchError(f"{host} took longer than {self._total_s:g} s for its answer") from None

    def _is_late(self) -> bool:
        return self._clock.boot() >= self._ends_boot_s

    def _wait(self) -> None:
        if not self._clock.wait(self._done, self._total_s):
            self._end_if_late()

    def _end_if_late(self) -> None:
        with self._lock, suppress(OSError):
            if self._socket is not None and self._is_late() and not self._done.is_set():
                self._socket.shutdown(socket.SHUT_RDWR)


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
