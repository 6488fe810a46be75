"""Devices that tell by MQTT, by the profile in config/devices/: messages with the truth, topic by topic."""

from __future__ import annotations

import datetime as dt
import json

from bitgrid.config import DeviceConfig
from bitgrid.config.profiles import TopicPoint, TopicProfile
from bitgrid.plant.faces.documents import Node, put, raw_figures, with_lists
from bitgrid.plant.faces.truth import Truth
from bitgrid.plant.model import House


class TopicFace:
    """What a device tells by itself.

    Args:
        house: the house it measures.
        device: what it measures and how it is called.
        profile: what it tells where.
    """

    def __init__(self, house: House, device: DeviceConfig, profile: TopicProfile) -> None:
        self._house, self._device, self._truth = house, device, Truth(house, device)
        self._profile = profile

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from telling."""
        return self._truth.is_silent

    def messages(self) -> dict[str, bytes]:
        """A message for each of its topics, as things stand now."""
        bare: dict[str, bytes] = {}
        documents: dict[str, Node] = {}
        for name in self._device.signals:
            signal = self._profile.signals[name]
            for point, raw in zip(signal.points, raw_figures(signal.points, self._truth.tell(name)), strict=True):
                topic = self._topic(point)
                if not point.pointer:
                    bare[topic] = str(raw).encode()
                    continue
                document = documents.setdefault(topic, {})
                put(document, point.pointer, raw)
                if signal.time_pointer is not None:
                    put(document, signal.time_pointer, self._now())
        return bare | {topic: json.dumps(with_lists(one)).encode() for topic, one in documents.items()}

    def _topic(self, point: TopicPoint) -> str:
        return point.topic.replace("{topic}", self._device.topic or "")

    def _now(self) -> str:
        return dt.datetime.fromtimestamp(self._house.now_s, dt.UTC).isoformat()
