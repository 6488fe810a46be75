"""The programs of the house, as data: what supervisord is told to run, and in which order.

Low priorities start first and stop last: the broker outlives all who speak on it, the guard those it guards.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.ops.errors import Refusal

SYSTEM_DIRECTORIES = "/usr/sbin:/usr/local/sbin:/sbin"
BROKER = "mosquitto"
PLANT = "plant"
REVIVER = "reviver"
MIRROR = "mirror"
FREE_TO_END = 50
"""From this priority on, nobody needs a program to end well: these may all end at once."""
SERVICES = ("poller", "guard", "loads", "rules", "recorder", "feeds", "explain", "web")


@dataclass(frozen=True)
class Program:
    """A program under supervisord; an event listener is told of the other programs' fates.

    ``user``: whom it runs as; None: as supervisord itself. ``environment``: beside supervisord's own.
    """

    name: str
    priority: int
    command: tuple[str, ...]
    is_listener: bool = False
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def house_programs(mosquitto_conf: Path | None, *, simulated: bool, mirrored: bool = False) -> list[Program]:
    """Everything: the broker (None: the site names one elsewhere), the plant if simulated, the services.

    The mirror is one of them only where the site names a repository: else there is no process for it.
    """
    programs = [] if mosquitto_conf is None else [broker_program(mosquitto_conf)]
    if simulated:
        programs.append(service_program(PLANT, 20))
    programs += [service_program(name, 30 + 5 * i) for i, name in enumerate(SERVICES)]
    if mirrored:
        programs.append(service_program(MIRROR, 80))
    return [*programs, reviver_program()]


def broker_program(conf: Path) -> Program:
    """Mosquitto with its configuration."""
    return Program(BROKER, 10, (find(BROKER), "-c", str(conf)))


def service_program(name: str, priority: int) -> Program:
    """A service of this package."""
    return Program(name, priority, (sys.executable, "-m", f"bitgrid.services.{name}"))


def reviver_program() -> Program:
    """The event listener that revives programs supervisord has given up."""
    return Program(REVIVER, 90, (sys.executable, "-m", f"bitgrid.services.{REVIVER}"), is_listener=True)


def find(command: str) -> str:
    """Path of a system program, also where Debian hides it from a user's PATH.

    Raises:
        Refusal: it is not installed.
    """
    path = shutil.which(command) or shutil.which(command, path=SYSTEM_DIRECTORIES)
    if path is None:
        package = {"setpriv": "util-linux", "borg": "borgbackup", "ssh-keygen": "openssh-client"}.get(
            command, command
        )
        raise Refusal(f"{command} is not installed, so nothing was started. Run: sudo apt-get install {package}")
    return path
