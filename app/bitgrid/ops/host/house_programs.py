"""The programs of an appliance under supervisord: whom each runs as, who gives way when memory or time is short.

The guard is not among them: it is a unit of its own (docs/watchdogs.md), so that it depends on nobody.
"""

from __future__ import annotations

from bitgrid.ops.host.places import FEEDS, USERS, HostPlaces, Part
from bitgrid.ops.places import Layout
from bitgrid.ops.programs import MIRROR, REVIVER, SERVICES, Program, find, reviver_program, service_program

GUARD, LINK, GATEWAY = "guard", "link", "gateway"
NEAR_DEVICES = ("poller", GUARD, "loads")
"""Who is on the gateway, where there is one."""
OOM_SCORES = {
    "rules": -800,
    "link": -800,
    "gateway": -800,
    "loads": -700,
    "poller": -600,
    "recorder": -200,
    "reviver": -200,
}
"""Who dies last when memory runs out; all others have `OOM_SCORE_OF_OTHERS`, supervisord itself has -900."""
OOM_SCORE_OF_OTHERS = 300
_SETTLE = 'choom --pid $$ --adjust "$0" >/dev/null 2>&1; exec "$@"'
"""A score that may not be set (in some containers) is no reason not to run."""
NICE = {"recorder": 5, "feeds": 10, "explain": 10, "web": 5, "mirror": 19}


def appliance_programs(places: HostPlaces, *, mirrored: bool, part: Part = Part.WHOLE) -> list[Program]:
    """What supervisord runs on a host that is this part of a house; the mirror only where site.yaml names one."""
    wanted = (*SERVICES, MIRROR) if mirrored else SERVICES
    names = {
        Part.WHOLE: wanted,
        Part.EDGE: (LINK, *(name for name in wanted if name not in NEAR_DEVICES)),
        Part.GATEWAY: (*NEAR_DEVICES, GATEWAY),
    }[part]
    services = [service_program(name, 30 + 5 * i) for i, name in enumerate(names) if name != GUARD]
    return [_settled(program, places) for program in (*services, reviver_program())]


def layout(places: HostPlaces) -> Layout:
    """Where supervisord finds and leaves its files."""
    return Layout(places.supervisor, places.supervisor, places.log)


def _settled(program: Program, places: HostPlaces) -> Program:
    name, user = program.name, USERS[program.name]
    score = OOM_SCORES.get(name, OOM_SCORE_OF_OTHERS)
    prefix = ("/bin/sh", "-c", _SETTLE, str(score), find("nice"), "-n", str(NICE.get(name, 0)))
    data = places.data / "feeds" if user == FEEDS else places.data
    environment = {"HOME": "/nonexistent", "USER": user, "BITGRID_DATA_DIR": str(data)}
    if name in {"rules", GATEWAY}:
        environment["BITGRID_RULES_PEERS"] = USERS[GUARD]
    if name == LINK:
        environment["BITGRID_GUARD_PEERS"] = USERS["rules"]
    if name == REVIVER:
        environment["BITGRID_SUPERVISOR"] = str(layout(places).supervisor_socket)
    return Program(name, program.priority, (*prefix, *program.command), program.is_listener, user, environment)
