"""What can be made to go wrong on the wire to a device, one at a time for each port."""

from __future__ import annotations

from enum import StrEnum


class WireFault(StrEnum):
    """Something that is wrong between a device and its reader."""

    LATE = "late"
    SLOW = "slow"
    SPLIT = "split"
    TWICE = "twice"
    GARBAGE_BEFORE = "garbage-before"
    GARBAGE_INSTEAD = "garbage-instead"
    CUT = "cut"
    RESET = "reset"
    MUTE = "mute"
    VANISHED = "vanished"
    ONE_CLIENT = "one-client"


WIRE_DESCRIPTIONS: dict[WireFault, str] = {
    WireFault.LATE: "each answer comes only when the next question is asked, before that one's own",
    WireFault.SLOW: "each answer comes a third of a second late, within the time-out",
    WireFault.SPLIT: "each answer comes byte by byte",
    WireFault.TWICE: "each answer comes twice",
    WireFault.GARBAGE_BEFORE: "garbage comes before each answer",
    WireFault.GARBAGE_INSTEAD: "garbage comes instead of each answer",
    WireFault.CUT: "half an answer comes, then the connection is closed",
    WireFault.RESET: "the connection is reset instead of each answer",
    WireFault.MUTE: "connections are taken and questions read, and nothing is ever answered on them",
    WireFault.VANISHED: "each connection answers one question, then the other end is gone without a goodbye",
    WireFault.ONE_CLIENT: "one connection is served; each further one is reset at once",
}
