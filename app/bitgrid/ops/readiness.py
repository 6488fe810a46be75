"""Is the house ready? Asked from outside, as its user would: the broker answers, the page shows values."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bitgrid.config import Site
from bitgrid.config.network import is_loopback
from bitgrid.config.secrets import host_token, place
from bitgrid.ops.programs import BROKER

TIMEOUT_S = 2.0
HTTP_OK = 200
WEB = "web"

Probe = Callable[[], str | None]
"""Asks one thing; what is still missing, or None when nothing is."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: its status, and its body if that was a JSON object."""

    status: int
    body: dict[str, Any]


def probes_for(site: Site, programs: Iterable[str]) -> list[Probe]:
    """What must hold before a house of these programs, which run as this user, is ready."""
    names = set(programs)
    probes: list[Probe] = []
    if BROKER in names:
        probes.append(lambda: broker_problem(site.broker.host, site.broker.port))
    if WEB in names:
        probes.append(lambda: page_problem(site.web.host, site.web.port))
    return probes


def still_missing(probes: Iterable[Probe]) -> str | None:
    """The first thing that is still missing."""
    return next((problem for probe in probes if (problem := probe())), None)


def broker_problem(host: str, port: int) -> str | None:
    """Whether the broker takes connections."""
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_S).close()
    except OSError as error:
        return f"the broker at {host}:{port} takes no connection: {error.strerror or error}"
    return None


def page_problem(host: str, port: int) -> str | None:
    """Whether the web server answers and knows the state of the house."""
    try:
        token = host_token(place())
        health = get_json(host, port, "/api/v1/health", token=token)
        state = get_json(host, port, "/api/v1/state", token=token)
    except (OSError, http.client.HTTPException) as error:
        return f"the web server at {host}:{port} does not answer: {error}"
    if health.status != HTTP_OK or state.status != HTTP_OK:
        return f"the web server answers {health.status} for its health and {state.status} for the state"
    if not state.body.get("signals"):
        return "no state of the house has reached the web server yet"
    return None


def get_json(host: str, port: int, path: str, timeout_s: float = TIMEOUT_S, token: str | None = None) -> Answer:
    """GET a JSON object; ``token`` says who asks, and goes to this machine alone.

    Raises:
        OSError: no connection.
        http.client.HTTPException: no HTTP.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        headers = {"Accept": "application/json"}
        if token is not None and is_loopback(host):
            headers["Authorization"] = f"Bearer {token}"
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    try:
        value = json.loads(body)
    except ValueError:
        value = {}
    return Answer(answer.status, value if isinstance(value, dict) else {})
