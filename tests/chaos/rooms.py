"""What this machine allows: a network and a small disk of our own, to cut and to fill without touching anybody's.

Both need root. Where they cannot be had the faults that need them are skipped, and it is said why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from chaos.kinds import Kind

OWN_ROOM = "BITGRID_CHAOS_OWN_ROOM"
DISK_MIB = 48
_UNSHARE = ("unshare", "--net", "--mount")


def enter_own_room() -> None:
    """Start this very program again in a network and mount namespace of its own, if that is allowed."""
    if os.environ.get(OWN_ROOM) or not _is_allowed():
        return
    environment = {**os.environ, OWN_ROOM: "1"}
    inside = [sys.executable, "-m", "chaos", *sys.argv[1:]]
    command = [*_UNSHARE, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *inside]
    os.execvpe(command[0], command, environment)  # noqa: S606  our own program, in another room


def is_own_room() -> bool:
    """Whether network and mounts are our own."""
    return bool(os.environ.get(OWN_ROOM))


def skipped() -> dict[Kind, str]:
    """What cannot be done to real processes here, and why."""
    reasons = {
        Kind.CLOCK_FORWARD: "it would set the clock of this machine; played with the clock held",
        Kind.CLOCK_BACK: "it would set the clock of this machine; played with the clock held",
        Kind.DST: "no strike of its own: every third house lives through the change",
    }
    if not is_own_room():
        why = "needs root and util-linux's unshare, for a network and a disk of its own"
        reasons |= {Kind.PARTITION: why, Kind.DISK_FULL: why}
    return reasons


def small_disk(at: Path) -> None:
    """A small disk of its own at a directory, which ends with this program."""
    at.mkdir(parents=True, exist_ok=True)
    if is_own_room():
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(at)], check=True)


def drop_disk(at: Path) -> None:
    """Give it back."""
    if is_own_room():
        subprocess.run(["umount", "--lazy", str(at)], check=False)


def set_network(*, is_up: bool) -> None:
    """Cut, or mend, everything that goes over TCP: broker, devices, pages. Local sockets are not the network."""
    assert is_own_room(), "this would cut the machine's own network"
    subprocess.run(["ip", "link", "set", "lo", "up" if is_up else "down"], check=True)


def _is_allowed() -> bool:
    try:
        return os.geteuid() == 0 and subprocess.run([*_UNSHARE, "true"], check=False).returncode == 0
    except OSError:
        return False
