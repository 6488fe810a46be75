"""A device that tells by MQTT, as its profile in config/devices/ says: the newest message of every topic counts.

A value is as old as its message, or as the time the message itself names. A message that the broker had kept is of
unknown age: it counts only where it names its time.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from bitgrid.clock import Clock
from bitgrid.config.profiles import TopicPoint, TopicProfile, TopicSignal
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceNonsense, DeviceSilent
from bitgrid.devices.parsing import json_document, number
from bitgrid.devices.pointed import figure_at, pointed
from bitgrid.devices.ports import Dated, Heard, Listen

SILENT_S = 60.0
"""Without any message for so long, a device counts as silent, seconds of the house."""
MAX_AHEAD_S = 60.0
"""A message may name a time so far ahead of the house's clock; clocks differ."""
MAX_PAYLOAD_BYTES = 65_536
_EPOCH_S = (1e9, 1e11)


@dataclass(frozen=True)
class _Message:
    payload: bytes
    boot_s: float
    retained: bool


class TopicDevice:
    """A device that tells by itself.

    Args:
        device: its name for people.
        listen: how its messages are heard.
        profile: where its figures stand.
        topic: what stands for ``{topic}`` in the profile; None where it has no such place.
        signals: what it is asked for.
        clock: the house's.
    """

    def __init__(  # noqa: PLR0913, PLR0917  who, how, where, what and when
        self,
        device: str,
        listen: Listen,
        profile: TopicProfile,
        topic: str | None,
        signals: Iterable[SignalName],
        clock: Clock,
    ) -> None:
        self._device, self._topic, self._clock = device, topic or "", clock
        self._signals = {name: profile.signals[name] for name in signals}
        self._messages: dict[str, _Message] = {}
        self._lock = threading.Lock()
        self._heard_boot_s = clock.boot()
        points = [point for signal in self._signals.values() for point in signal.points]
        for name in sorted({self._of(point) for point in points}):
            listen(name, self._on_message)

    def read(self) -> dict[SignalName, Dated]:
        """Every signal, as old as it is; a figure that the newest message does not tell is None.

        Raises:
            DeviceSilent: nothing was told for too long, or not yet on every topic.
            DeviceNonsense: a message that is no JSON where it should be, or from the future.
        """
        with self._lock:
            messages, heard_boot_s = dict(self._messages), self._heard_boot_s
        silent_s = self._clock.boot() - heard_boot_s
        if silent_s > SILENT_S:
            raise DeviceSilent(
                f"{self._device} has told nothing for {silent_s:.0f} s. Look at its power, its network, and the "
                f"broker and topic it is set to: {', '.join(sorted(self._topics()))}."
            )
        missing = sorted(self._topics() - messages.keys())
        if missing:
            raise DeviceSilent(f"{self._device} has told nothing yet on {', '.join(missing)}")
        return {name: self._signal(signal, messages) for name, signal in self._signals.items()}

    def _topics(self) -> set[str]:
        return {self._of(point) for signal in self._signals.values() for point in signal.points}

    def _of(self, point: TopicPoint) -> str:
        return point.topic.replace("{topic}", self._topic)

    def _on_message(self, received: Heard) -> None:
        """In the bus's thread: keep it."""
        if received.retained and not self._tells_time(received.topic):
            return
        message = _Message(received.payload[: MAX_PAYLOAD_BYTES + 1], self._clock.boot(), received.retained)
        with self._lock:
            self._messages[received.topic] = message
            if not received.retained:
                self._heard_boot_s = message.boot_s

    def _tells_time(self, topic: str) -> bool:
        signals = [one for one in self._signals.values() if topic in {self._of(point) for point in one.points}]
        return all(signal.time_pointer is not None for signal in signals)

    def _signal(self, signal: TopicSignal, messages: dict[str, _Message]) -> Dated:
        figures: list[float | None] = []
        oldest_boot_s = self._clock.boot()
        for point in signal.points:
            message = messages[self._of(point)]
            document = self._document(message, point)
            figures.append(figure_at(document, point, point.pointer))
            oldest_boot_s = min(oldest_boot_s, self._measured_boot_s(signal, document, message))
        known = [figure for figure in figures if figure is not None]
        return Dated(sum(known) if len(known) == len(figures) else None, oldest_boot_s)

    def _document(self, message: _Message, point: TopicPoint) -> object:
        """The message: JSON where a pointer leads into it, else a bare figure."""
        if len(message.payload) > MAX_PAYLOAD_BYTES:
            raise DeviceNonsense(f"{self._device} told more than {MAX_PAYLOAD_BYTES} bytes in one message")
        if point.pointer:
            return json_document(message.payload, self._device)
        return message.payload.decode("utf-8", errors="replace").strip()

    def _measured_boot_s(self, signal: TopicSignal, document: object, message: _Message) -> float:
        """When a message's figures were measured, by the boot clock: never later than it came."""
        if signal.time_pointer is None:
            return message.boot_s
        told = pointed(document, signal.time_pointer)
        epoch_s = _epoch_s(told)
        if epoch_s is None:
            raise DeviceNonsense(
                f"{self._device} names its time as {str(told)[:40]!r}; seconds since 1970, or ISO 8601 "
                "with its zone, is needed"
            )
        age_s = self._clock.now() - epoch_s
        if age_s < -MAX_AHEAD_S:
            raise DeviceNonsense(
                f"{self._device} names a time {-age_s:.0f} s in the future, so its age is not known. "
                "Set its clock, or this computer's."
            )
        return min(message.boot_s, self._clock.boot() - age_s)


def _epoch_s(told: object) -> float | None:
    """A time in UTC epoch seconds; None where it is none, or no moment because it lacks its zone."""
    seconds = number(told, _EPOCH_S)
    if seconds is not None:
        return seconds
    try:
        moment = dt.datetime.fromisoformat(told) if isinstance(told, str) else None
        return None if moment is None or moment.tzinfo is None else moment.timestamp()
    except (ValueError, OverflowError):
        return None
