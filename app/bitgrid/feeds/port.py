"""What a feed is: something that knows of prices, the sun, the household or Bitcoin, and tells it as signals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from bitgrid.bus import Telemetry


class Told(NamedTuple):
    """A value for the bus: the feed's device and the signal's name, as in the topic."""

    device: str
    signal: str
    telemetry: Telemetry


class Feed(Protocol):
    """One source of signals; stepped by the process's loop, so nothing in it may wait for a network."""

    def step(self) -> None:
        """Do what is due: take in answers, send for new ones, reckon anew in a new block."""

    def told(self) -> Iterable[Told]:
        """What is known now, each value with its true age, source and quality; nothing where nothing is known."""

    def problem(self) -> str:
        """What a person should know is wrong, in words, with what it means; empty while all is well."""
