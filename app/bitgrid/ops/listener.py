"""supervisord's event-listener protocol: header tokens and payload in, a fixed answer out. No I/O here."""

from __future__ import annotations

READY = b"READY\n"
ACKNOWLEDGED = b"RESULT 2\nOK"
FATAL_EVENT = "PROCESS_STATE_FATAL"


class BadEvent(ValueError):
    """What came is no event of supervisord's."""


def tokens(text: bytes) -> dict[str, str]:
    """``key:value`` pairs, separated by spaces.

    Raises:
        BadEvent: it is none.
    """
    try:
        pairs = [pair.split(":", 1) for pair in text.decode().split()]
        return {key: value for key, value in pairs}  # noqa: C416  the unpacking is the check
    except ValueError:
        raise BadEvent(f"no tokens of an event: {text[:100]!r}") from None


def payload_length(header: bytes) -> int:
    """Bytes of payload that follow a header line.

    Raises:
        BadEvent: the header does not say.
    """
    try:
        return int(tokens(header)["len"])
    except (KeyError, ValueError):
        raise BadEvent(f"a header without a length: {header[:100]!r}") from None


def given_up(header: bytes, payload: bytes) -> str | None:
    """The program that supervisord has given up; None for any other event.

    Raises:
        BadEvent: header or payload is none of supervisord's.
    """
    if tokens(header).get("eventname") != FATAL_EVENT:
        return None
    name = tokens(payload.partition(b"\n")[0]).get("processname")
    if not name:
        raise BadEvent(f"no program is named: {payload[:100]!r}")
    return name
