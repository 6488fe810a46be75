"""What `rules` and `guard` say to each other: JSON datagrams over a local socket, peer credentials checked.

Requests (`Renew`, `Release`, `ClearTrip`, `Restart`) come from `rules`; `GuardReport` goes back after each
and every few seconds. All times are on the boot-time clock, which both processes share.
"""

from __future__ import annotations

import os
import pwd
import socket
import struct
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

MAX_DATAGRAM_BYTES = 65_536
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1


class Renew(_Said):
    """The load may draw power until ``expires_boot_s``; the first one of a lease closes the relay."""

    kind: Literal["renew"] = "renew"
    load: str
    level: str
    power_w: Annotated[int, Field(ge=0, le=1_000_000)]
    lease_id: str
    expires_boot_s: float


class Release(_Said):
    """The lease is over by decision: let the load cool down, then open the relay."""

    kind: Literal["release"] = "release"
    load: str
    reason: str


class ClearTrip(_Said):
    """The trip of this id is recorded; renewals may be heard again."""

    kind: Literal["clear_trip"] = "clear_trip"
    load: str
    trip_id: str


class Restart(_Said):
    """The site has changed: put every load off and end, to be started anew by what looks after the guard."""

    kind: Literal["restart"] = "restart"


class Trip(_Said):
    """Why the guard stopped a load by itself; latched until cleared by its id."""

    trip_id: str
    cause: Literal["heat", "silence", "lease_expired", "unleased_power", "relay_fault"]
    at_boot_s: float
    text: str


class GuardedLoad(_Said):
    """A load as the guard measures it over its own connection.

    ``confirmed_off``: power below the load's threshold or relay open, measured since the guard started.
    ``refusal``: why the last renewal was refused; None when it was heard.
    """

    relay: Literal["open", "closed", "unknown", "none"]
    level: str
    lease_id: str | None
    lease_left_s: float
    power_w: float | None
    temp_c: float | None
    answer_age_s: float | None
    confirmed_off: bool
    trip: Trip | None
    refusal: str | None = None


class GuardReport(_Said):
    """The guard's heartbeat."""

    kind: Literal["report"] = "report"
    instance: str
    sent_boot_s: float
    loads: dict[str, GuardedLoad]


Request = Renew | Release | ClearTrip | Restart


class _Request(RootModel[Annotated[Request, Field(discriminator="kind")]]):
    """Any of the four."""


def encode(said: _Said) -> bytes:
    """A datagram's bytes."""
    return said.model_dump_json(by_alias=True).encode()


def decode_request(datagram: bytes) -> Request | None:
    """A request from bytes; None for anything else."""
    try:
        return _Request.model_validate_json(datagram).root
    except (ValidationError, ValueError):
        return None


def decode_report(datagram: bytes) -> GuardReport | None:
    """A report from bytes; None for anything else."""
    try:
        return GuardReport.model_validate_json(datagram)
    except (ValidationError, ValueError):
        return None


class LocalSocket:
    """A bound Unix datagram socket that tells who sent each datagram.

    Args:
        path: where to bind; what stands there is replaced.
        mode: permissions of the socket file.
    """

    def __init__(self, path: Path, mode: int = 0o660) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(mode)
        self._inode = path.stat().st_ino
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def receive(self, timeout_s: float) -> tuple[bytes, int] | None:
        """The next datagram and its sender's user id; None when none came within ``timeout_s`` machine seconds."""
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            data, ancillary, _flags, _address = self._socket.recvmsg(
                MAX_DATAGRAM_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size)
            )
        except (TimeoutError, BlockingIOError):
            return None
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                return data, _CREDENTIALS.unpack(content)[1]
        return data, -1

    def send(self, data: bytes, to: Path) -> bool:
        """Send without waiting; tell whether it went out. A peer that is away or full hears nothing."""
        try:
            self._socket.sendto(data, socket.MSG_DONTWAIT, str(to))
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close, and remove the socket file, unless another process has put its own in its place."""
        is_own = self.path.exists() and self.path.stat().st_ino == self._inode
        self._socket.close()
        if is_own:
            self.path.unlink(missing_ok=True)


def allowed_user_ids(variable: str) -> frozenset[int]:
    """The users whose datagrams this process believes: those named in an environment variable, else its own user.

    Raises:
        KeyError: a user of that name does not exist on this machine.
    """
    names = os.environ.get(variable, "").replace(",", " ").split()
    return frozenset(pwd.getpwnam(name).pw_uid for name in names) or frozenset({os.geteuid()})
