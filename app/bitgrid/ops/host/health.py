"""Whether a house that was just started is well: asked of its own page, so that nothing is taken on trust."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.config.network import WebServer
from bitgrid.config.secrets import host_token
from bitgrid.ops.readiness import HTTP_OK, Answer, get_json
from bitgrid.ops.supervisor_client import RUNNING, ProgramInfo, SupervisorAway

MUST_LIVE = ("guard", "loads", "poller", "recorder", "rules")
MUST_LIVE_AT_EDGE = ("recorder", "rules")
"""The others are on the gateway, which is provisioned after the edge, and may be away: no fault of the edge."""
MUST_BE_WELL = ("rules", "recorder")
"""Theirs is the disk; a device that does not answer makes the others warn, which no other release would mend."""
ASK_EVERY_S = 1.0

Ask = Callable[[], Answer]
Missing = Callable[[], str | None]


def ask_of(web: WebServer, secrets: Path) -> Ask:
    """How the page of this machine's house is asked for its health.

    Args:
        web: where it is.
        secrets: of the web process, which makes the key to itself when it first starts.
    """
    return lambda: get_json(web.host, web.port, "/api/v1/health", token=host_token(secrets))


def still_missing(ask: Ask, release: str | None, must_live: Sequence[str] = MUST_LIVE) -> str | None:
    """What keeps the house from being well; None when nothing does.

    Args:
        ask: asks for its health.
        release: which release must be the one that answers; None: any.
        must_live: whoever must be heard.
    """
    try:
        answer = ask()
    except (OSError, http.client.HTTPException) as error:
        return f"the page does not answer: {error}"
    if answer.status != HTTP_OK:
        return f"the page answers {answer.status}"
    if release is not None and answer.body.get("release") != release:
        return f"the release that runs is {answer.body.get('release')}, not {release}"
    return _ill(answer.body.get("components"), must_live)


def not_running(programs: Callable[[], list[ProgramInfo]]) -> str | None:
    """What keeps a gateway, which has no page, from being well: a program that does not run."""
    try:
        idle = [program.name for program in programs() if program.state != RUNNING]
    except SupervisorAway as error:
        return str(error)
    return f"not running: {', '.join(idle)}" if idle else None


def wait_until_well(missing: Missing, clock: Clock, within_s: float) -> str | None:
    """Ask until nothing is missing; what is missing still after ``within_s``, or None."""
    give_up_boot_s, never = clock.boot() + within_s, threading.Event()
    while (still := missing()) is not None and clock.boot() < give_up_boot_s:
        clock.wait(never, ASK_EVERY_S)
    return still


def _ill(components: object, must_live: Sequence[str]) -> str | None:
    if not isinstance(components, Mapping):
        return "the page does not tell how its processes are"
    for name in must_live:
        told = components.get(name)
        status = told.get("status") if isinstance(told, Mapping) else None
        if status in {None, "silent"}:
            return f"{name} has not been heard"
        if status == "error" and name in MUST_BE_WELL:
            return f"{name}: {told.get('reason') if isinstance(told, Mapping) else ''}"
    return None
