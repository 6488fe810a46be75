"""Whether a house that was just started is well: asked of its own page, so that nothing is taken on trust."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeGuard

from bitgrid.clock import Clock
from bitgrid.config import Site
from bitgrid.config.network import WebServer
from bitgrid.config.secrets import host_token
from bitgrid.ops.host.house_programs import layout
from bitgrid.ops.host.places import WEB, HostPlaces, Part
from bitgrid.ops.readiness import HTTP_OK, TIMEOUT_S, Answer, get_json
from bitgrid.ops.supervisor_client import RUNNING, ProgramInfo, Supervisor, SupervisorAway

MUST_LIVE = ("guard", "loads", "poller", "recorder", "rules")
MUST_LIVE_AT_EDGE = ("recorder", "rules")
"""The others are on the gateway, which is provisioned after the edge, and may be away: no fault of the edge."""
ASK_EVERY_S = 1.0
STEADY_S = 120.0
"""Longer than by default the last word of a process that hangs is believed (``comm_timeout_s``)."""
_PATIENT_S = 10.0
"""How long an answer may take of a house on trial: a slow card at a busy hour is no fault of the update."""
HTTPS = 443
_ACTIVE = "active"
_SILENT = {None, "silent"}
_LET_IN = {
    "ssh.service": "nobody can log in any more, and no other update could follow",
    "nftables.service": "the firewall has none of its rules, so it lets nobody in to the page",
}

Ask = Callable[[], Answer]
Missing = Callable[[], str | None]
Addresses = Callable[[], tuple[str, ...]]
"""By which this host is in its network."""


def ask_of(web: WebServer, secrets: Path, what: str = "health", timeout_s: float = TIMEOUT_S) -> Ask:
    """How the page of this machine's house is asked for its health, or something else.

    Args:
        web: where it is.
        secrets: of the web process, which makes the key to itself when it first starts.
        what: the last part of the address below ``/api/v1``.
        timeout_s: how long the answer may take.
    """
    return lambda: get_json(web.host, web.port, f"/api/v1/{what}", timeout_s, host_token(secrets))


def look_at(site: Site, places: HostPlaces, release: str | None, timeout_s: float = TIMEOUT_S) -> Missing:
    """How the house on this host is looked at, whichever part of it that is."""
    if site.gateway is not None and places.part is Part.GATEWAY:
        return partial(not_running, Supervisor(layout(places).supervisor_socket).programs)
    must_live = MUST_LIVE if site.gateway is None else MUST_LIVE_AT_EDGE
    return partial(still_missing, ask_of(site.web, places.secrets / WEB, timeout_s=timeout_s), release, must_live)


def look_closely_at(site: Site, places: HostPlaces, clock: Clock, addresses: Addresses | None = None) -> Missing:
    """The same, and whether one can log in to it, its page can be seen in the home, and the rules have each load.

    Args:
        site: the house.
        places: of this host.
        clock: of the machine.
        addresses: asked for where this host was in a network before, and must be again.
    """
    looks = [not_let_in, look_at(site, places, None, _PATIENT_S)]
    if addresses is not None:
        looks.append(partial(not_in_network, addresses))
    if site.gateway is None or places.part is not Part.GATEWAY:
        state, decisions = (
            ask_of(site.web, places.secrets / WEB, what, _PATIENT_S) for what in ("state", "decisions")
        )
        looks += [not_shown, partial(not_in_hand, state, decisions, clock)]
    return lambda: next((missing for look in looks if (missing := look()) is not None), None)


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


def not_in_network(addresses: Addresses) -> str | None:
    """What keeps everybody from this host, where it was in a network before: no address leads to it any more."""
    if addresses():
        return None
    return (
        "this computer has no address in its network any more, as it had before. If the router was off or a cable "
        "out at that hour, start the update again"
    )


def not_let_in(state_of: Callable[[str], str] | None = None) -> str | None:
    """What keeps its owner from logging in, to update it again, or the home from its page; None: nothing.

    Args:
        state_of: how systemd says that a unit is: ``active``; None: by asking it.
    """
    for unit, meaning in _LET_IN.items():
        if (state := (state_of or _state_of)(unit)) != _ACTIVE:
            return f"{meaning}: {unit} is {state}"
    return None


def _state_of(unit: str) -> str:
    words = ["/usr/bin/systemctl", "is-active", unit]
    try:
        asked = subprocess.run(  # noqa: S603  one of the two names above
            words, capture_output=True, text=True, check=False, timeout=_PATIENT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not told by systemd: {error}"
    return asked.stdout.strip() or "not known to systemd"


def not_shown(port: int = HTTPS) -> str | None:
    """What keeps the page from the home, which sees it over TLS by a proxy alone; no certificate is judged."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as plain, context.wrap_socket(plain):
            return None
    except OSError as error:
        return f"the page is not shown over TLS: {error}"


def not_in_hand(ask_state: Ask, ask_decisions: Ask, clock: Clock) -> str | None:
    """A load that is neither known to be off nor was decided on since this computer's start; None: no such."""
    try:
        state = ask_state()
        loads = state.body.get("loads")
        if state.status != HTTP_OK or not isinstance(loads, Mapping):
            return "the page does not tell how its loads are"
        unsure = [name for name, load in loads.items() if not (_is_live(load) and load.get("confirmed_off"))]
        decided = _decided_since(clock.now() - clock.boot(), ask_decisions()) if unsure else set()
    except (OSError, http.client.HTTPException) as error:
        return f"the page does not answer: {error}"
    for name in unsure:
        if not _is_live(loads[name]):
            return f"nothing is known of {name}"
        if name not in decided:
            return f"{name} is not known to be off, and nothing was decided on it yet"
    return None


def wait_until_well(missing: Missing, clock: Clock, within_s: float) -> str | None:
    """Ask until nothing is missing; what is missing still after ``within_s``, or None."""
    give_up_boot_s, never = clock.boot() + within_s, threading.Event()
    while (still := missing()) is not None and clock.boot() < give_up_boot_s:
        clock.wait(never, ASK_EVERY_S)
    return still


def wait_until_steady(missing: Missing, clock: Clock, within_s: float) -> str | None:
    """Ask until nothing was missing for `STEADY_S` without a break: begun within ``within_s``, it may end later.

    Returns:
        What is missing still; None when it is well and stays so.
    """
    give_up_boot_s, never = clock.boot() + within_s, threading.Event()
    well_since_boot_s, was_well = None, False
    while True:
        still, now_boot_s = missing(), clock.boot()
        if still is not None:
            if now_boot_s >= give_up_boot_s:
                return f"it was well, and did not stay so: {still}" if was_well else still
            well_since_boot_s = None
        elif well_since_boot_s is None:
            well_since_boot_s, was_well = now_boot_s, True
        elif now_boot_s - well_since_boot_s >= STEADY_S:
            return None
        clock.wait(never, ASK_EVERY_S)


def _is_live(load: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(load, Mapping) and bool(load.get("is_live"))


def _decided_since(began_s: float, answer: Answer) -> set[object]:
    """Of which loads there is a decision that is no older than that, UTC epoch seconds."""
    told = answer.body.get("decisions")
    decisions = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return {one.get("load") for one in decisions if one.get("at_s", 0) >= began_s}


def _ill(components: object, must_live: Sequence[str]) -> str | None:
    """Who is silent or failed: a last will, a step that broke, a guard that the rules do not hear.

    Who failed is told first, for that one says why, and whoever waits for it is silent.
    A device that does not answer is none of these: it makes who asks it warn, which no other release would mend.
    """
    if not isinstance(components, Mapping):
        return "the page does not tell how its processes are"
    told = {name: one for name in must_live if isinstance(one := components.get(name), Mapping)}
    failed = (f"{name}: {one.get('reason')}" for name, one in told.items() if one.get("status") == "error")
    silent = (f"{name} has not been heard" for name in must_live if told.get(name, {}).get("status") in _SILENT)
    return next(failed, None) or next(silent, None)
