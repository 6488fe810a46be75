"""Devices of the house that tell by themselves, every ten seconds, as a Tasmota with the shortest period does."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bitgrid.clock import Clock
from bitgrid.plant.faces.topics import TopicFace

EVERY_S = 10.0
Say = Callable[[str, bytes], object]
"""Publishes a payload on a topic."""


class Telling:
    """Tells what is due.

    Args:
        faces: the devices.
        say: how they are heard.
        clock: the house's.
    """

    def __init__(self, faces: Iterable[TopicFace], say: Say, clock: Clock) -> None:
        self._faces, self._say, self._clock = list(faces), say, clock
        self._due_boot_s = clock.boot()

    def step(self) -> None:
        """Tell, if it is time; a silent device tells nothing."""
        now = self._clock.boot()
        if now < self._due_boot_s:
            return
        self._due_boot_s = now + EVERY_S
        for face in self._faces:
            if not face.is_silent:
                for topic, payload in face.messages().items():
                    self._say(topic, payload)


class Broker:
    """The devices' own connection to the broker, as simple as theirs: MQTT 3.1.1, nothing kept or confirmed."""

    def __init__(self, host: str, port: int) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, "simulated-devices")
        self._client.reconnect_delay_set(min_delay=1, max_delay=5)
        self._client.connect_async(host, port)

    def start(self) -> None:
        """Begin to connect, in the background, until it succeeds."""
        self._client.loop_start()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish; while the broker is away it is lost."""
        if self._client.is_connected():
            self._client.publish(topic, payload)

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()
