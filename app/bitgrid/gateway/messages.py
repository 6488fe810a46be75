"""What the two ends of the link say to each other, beside what they pass on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bitgrid.bus.messages import Message

MAX_CHARACTERS = 60_000


class Ping(Message):
    """The gateway asks what the edge's boot clock shows; ``sent_boot_s`` is its own."""

    sent_boot_s: float


class Pong(Message):
    """The answer: the question's own time, and the edge's; another ``instance`` may have another clock."""

    echo_boot_s: float
    edge_boot_s: float
    instance: str


class Carried(Message):
    """A datagram of `bitgrid.guard.link`, its times translated already or still to be."""

    datagram: Annotated[str, Field(max_length=MAX_CHARACTERS)]
