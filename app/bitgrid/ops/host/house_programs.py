"""The programs of an appliance under supervisord: whom each runs as, who gives way when memory or time is short.

The guard is not among them: it is a unit of its own (docs/watchdogs.md), so that it depends on nobody.
"""

from __future__ import annotations

from bitgrid.ops.host.places import FEEDS, USERS, HostPlaces
from bitgrid.ops.places import Layout
from bitgrid.ops.programs import MIRROR, REVIVER, SERVICES, Program, find, reviver_program, service_program

GUARD = "guard"
OOM_SCORES = {"rules": -800, "loads": -700, "poller": -600, "recorder": -200, "reviver": -200}
"""Who dies last when memory runs out; all others have `OOM_SCORE_OF_OTHERS`, supervisord itself has -900."""
OOM_SCORE_OF_OTHERS = 300
_SETTLE = 'choom --pid $$ --adjust "$0" >/dev/null 2>&1; exec "$@"'
"""A score that may not be set (in some containers) is no reason not to run."""
NICE = {"recorder": 5, "feeds": 10, "explain": 10, "web": 5, "mirror": 19}


def appliance_programs(places: HostPlaces, *, mirrored: bool) -> list[Program]:
    """What supervisord runs; the mirror only where site.yaml names one."""
    names = (*SERVICES, MIRROR) if mirrored else SERVICES
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
    if name == "rules":
        environment["BITGRID_RULES_PEERS"] = USERS[GUARD]
    if name == REVIVER:
        environment["BITGRID_SUPERVISOR"] = str(layout(places).supervisor_socket)
    return Program(name, program.priority, (*prefix, *program.command), program.is_listener, user, environment)
