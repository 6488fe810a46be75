"""Schemas of everything said on the bus: JSON objects, each with its ``schema`` version.

Units are in the names. Values of `Telemetry` are in the unit of their signal's name (W, %, °C, ct/kWh).
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo

MAX_MESSAGE_BYTES = 256_000
_ENDLESS = re.compile(rb"[0-9]{309}")
"""Digits that no float can hold: as a whole number they would pass, and break whoever reckons with them."""


def _of_finite_numbers(told: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """What came in by JSON without a fixed form: pydantic lets NaN and 1e999 through there."""
    if info.mode == "json":
        _raise_if_not_finite(told)
    return told


def _raise_if_not_finite(told: object) -> None:
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        for inner in told:
            _raise_if_not_finite(inner)
    elif isinstance(told, int | float) and not abs(told) <= sys.float_info.max:
        raise ValueError("holds a number that is not finite")


Open = Annotated[dict[str, Any], AfterValidator(_of_finite_numbers)]
"""An object whose form is its sender's; every number in it is finite."""


class Message(BaseModel):
    """Base of all messages: frozen, unknown keys refused, no NaN and no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1

    def encode(self) -> bytes:
        """The message as JSON bytes."""
        return self.model_dump_json(by_alias=True).encode()


def on_its_way_s(sent_boot_s: float | None, now_boot_s: float) -> float:
    """How long ago a message was sent, s; 0 where it does not tell. One from ahead is of another boot."""
    return 0.0 if sent_boot_s is None else abs(now_boot_s - sent_boot_s)


class Quality(StrEnum):
    """How far a value can be trusted."""

    GOOD = "good"
    STALE = "stale"
    INVALID = "invalid"
    MISSING = "missing"


class HealthStatus(StrEnum):
    """How a component is."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


Curve = list[float] | list[tuple[float, float, float]]
"""Values by block: numbers, or [p10, p50, p90] each."""


class Telemetry(Message):
    """A value; ``age_s`` is its age when it was sent, by the sender's boot clock.

    ``sent_boot_s`` is when that was, on the boot clock that all processes of the house share: so what waited on
    its way, or is said once more by somebody else, is as old as it is. None: not told; it counts as sent just now.
    A curve tells in ``first_block`` (UTC epoch seconds over the block's length) of which block its first value is.
    """

    value: float | Curve | None
    quality: Quality = Quality.GOOD
    age_s: Annotated[float, Field(ge=0)] = 0.0
    sent_boot_s: float | None = None
    source: str
    first_block: int | None = None

    def age_at_s(self, now_boot_s: float) -> float:
        """How old the value is at a boot time, s."""
        return self.age_s + on_its_way_s(self.sent_boot_s, now_boot_s)


class SignalView(Message):
    """A signal as the rules see it now."""

    value: float | list[float] | None
    quality: Quality
    age_s: float | None
    source: str


class EnergyStateMessage(Message):
    """The house at ``at_s`` (UTC epoch seconds): every signal, what is degraded, the surplus.

    ``autonomy`` is how much the rules may do by themselves from now on, as in `AutonomyRequest`; None: not told.
    """

    at_s: float
    block: int
    block_ends_s: int
    signals: dict[str, SignalView]
    degraded: list[str]
    surplus_w: int | None
    config_hash: str
    autonomy: Annotated[int, Field(ge=0, le=3)] | None = None


class LoadState(Message):
    """A load as the rules see it; times are UTC epoch seconds."""

    load: str
    at_s: float
    level: str
    power_w: int
    since_s: float | None
    lease_left_s: float
    hold_until_s: int | None
    lockout_until_s: int | None
    override: Open | None = None
    confirmed_off: bool
    measured_power_w: float | None
    trip: str | None = None


class LedgerHead(Message):
    """Where the ledger's chain ended: the number of a record, and its hash in hexadecimal.

    Kept by whoever listens, it is what `bitgrid ledger verify --head SEQ:HASH` is later held against: an end that
    was cut off, or written anew, does not contain it.
    """

    seq: Annotated[int, Field(ge=1)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


class DecisionEvent(Message):
    """A decision of the kernel: its whole record, as stored (`kernel.record` says what is in it).

    ``head`` is where the ledger ended with it.
    """

    id: str
    load: str
    record: Open
    head: LedgerHead | None = None


class ExplainSession(Message):
    """A decision in words, by language (de, en) and depth (short)."""

    decision_id: str
    load: str
    at_s: float
    texts: dict[str, dict[str, str]]


class LoadCommand(Message):
    """A target for a load, good until ``expires_boot_s`` on the boot-time clock; idempotent by id."""

    command_id: str
    load: str
    level: str
    power_w: int
    lease_id: str
    expires_boot_s: float
    decision_id: str
    reason: str


class OverrideRequest(Message):
    """A person's wish; ``end`` takes a running override back."""

    request_id: str
    load: str
    action: Literal["start", "stop", "level", "end"]
    level: str | None = None
    duration_s: Annotated[int, Field(ge=60, le=86_400)] | None = None
    actor: str


class EstopRequest(Message):
    """Emergency stop of every load, or its acknowledgement."""

    request_id: str
    engage: bool
    actor: str


class UpsReport(Message):
    """What upsmon says of the UPS that carries this computer; before a shutdown it waits for the answer."""

    request_id: str
    status: Literal["online", "on_battery", "shutdown"]
    actor: str


class AutonomyRequest(Message):
    """How much the rules may do by themselves: 0 manual, 1 assisted, 2 semi, 3 full."""

    request_id: str
    autonomy: Annotated[int, Field(ge=0, le=3)]
    actor: str


class ConfirmRequest(Message):
    """A person's yes to what waits for it: the level (or off) that the last decision suggests."""

    request_id: str
    load: str
    level: str
    actor: str


class ReloadRequest(Message):
    """Read the configuration anew, all of it or nothing of it."""

    request_id: str
    actor: str


class ExportRequest(Message):
    """A wish to hand out a research bundle, to be recorded before anything is read.

    Args:
        bundle_id: names the bundle, in itself and in the ledger.
        kinds: what it is to hold, by the archive's names.
        from_s, to_s: its period, UTC epoch seconds, the end left out.
    """

    request_id: str
    bundle_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    kinds: Annotated[list[Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]], Field(min_length=1, max_length=16)]
    from_s: int
    to_s: int
    actor: Annotated[str, Field(max_length=100)]


class AccountNote(Message):
    """Who may look or ask has changed: told by whoever changed it, to be recorded; never with a secret.

    Args:
        change: what was done.
        name: of the person or the machine.
        may: the role, or the scopes; empty where it was removed.
    """

    request_id: str
    change: Literal["user_set", "user_removed", "token_added", "token_removed"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
    may: Annotated[str, Field(max_length=100)] = ""
    actor: Annotated[str, Field(max_length=100)]


class EventMessage(Message):
    """Something that happened: ``kind`` is safety, health or audit."""

    kind: Literal["safety", "health", "audit"]
    at_s: int
    record: Open


class LoadSafetyEvent(Message):
    """What `loads` tells of a load in its health until `rules` has recorded it: it was stopped and drew on.

    Args:
        event_id: tells it from every other one, and makes recording it idempotent.
        cause: ``stop_ignored``: its relay had to be opened.
        at_boot_s: when, by the boot clock.
        text: what happened, for a person.
    """

    event_id: str
    cause: Literal["stop_ignored"]
    at_boot_s: float
    text: str


class StoreLoss(Message):
    """What a process tells in its health of a database of its own that was damaged.

    ``event_id`` makes recording it idempotent; the rest is as of `bitgrid.store.incidents.Loss`.
    """

    what: Literal["store_damaged"]
    event_id: str
    file: str
    problem: str
    at_s: int
    aside: str
    given_back: str


class CommandReply(Message):
    """The answer to a request; a refused one changed nothing. ``details``: what was asked for, beyond words."""

    request_id: str
    accepted: bool
    code: str
    text: str
    ends_at_s: int | None = None
    details: Open = {}


class Health(Message):
    """A component's health; ``instance`` changes when the process is another one.

    ``sent_boot_s`` is as in `Telemetry`: a heartbeat that waited on its way does not tell of now.
    """

    status: HealthStatus
    reason: str
    instance: str
    at_s: float | None = None
    sent_boot_s: float | None = None
    details: Open = {}


M = TypeVar("M", bound=Message)


def decode(model: type[M], payload: bytes) -> M | None:
    """A message from bytes; None for anything that is not one. Never raises: the bus is not trusted."""
    if len(payload) > MAX_MESSAGE_BYTES or _ENDLESS.search(payload):
        return None
    try:
        return model.model_validate_json(payload)
    except (ValidationError, ValueError, RecursionError):
        return None
