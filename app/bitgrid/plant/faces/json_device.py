"""Devices that answer JSON by HTTP, by the profile in config/devices/: the truth where the profile looks."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bitgrid.config import DeviceConfig
from bitgrid.config.profiles import JsonProfile
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faces.documents import Node, put, raw_figures, with_lists
from bitgrid.plant.faces.truth import Truth
from bitgrid.plant.model import House


class JsonFace:
    """A device's answers: an `HttpExchange`.

    Args:
        house: the house it measures.
        device: what it measures and how it is called.
        profile: where it keeps what.
    """

    def __init__(self, house: House, device: DeviceConfig, profile: JsonProfile) -> None:
        self._truth = Truth(house, device)
        self._signals = [(name, profile.signals[name].points) for name in device.signals]
        self._identity = _IDENTITIES.get(device.profile or "")

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",  # noqa: ARG002  none is expected
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002  it looks at none
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        self._truth.check_answers()
        document = self._identity if target == "/shelly" else self._document(target)
        if method != "GET" or not document:
            return HttpAnswer(404, b"Not Found")
        return HttpAnswer(200, json.dumps(document, separators=(",", ":")).encode())

    def _document(self, target: str) -> Node:
        document: Node = {}
        for name, points in self._signals:
            for point, raw in zip(points, raw_figures(points, self._truth.tell(name)), strict=True):
                if point.path == target:
                    put(document, point.pointer, raw)
                    if point.valid_pointer is not None:
                        put(document, point.valid_pointer, value=True)
        found: Node = with_lists(document)
        return found


_IDENTITIES: Mapping[str, Node] = {
    "shelly_em": {"type": "SHEM", "mac": "98CDAC000001", "auth": False, "fw": "20230913-114150/v1.14.0-gcb84623"},
    "shelly_3em": {
        "type": "SHEM-3",
        "mac": "98CDAC000002",
        "auth": False,
        "fw": "20230913-114244/v1.14.0-gcb84623",
    },
    "shelly_pro_3em": {
        "name": None,
        "id": "shellypro3em-98cdac000003",
        "mac": "98CDAC000003",
        "model": "SPEM-003CEBEU",
        "gen": 2,
        "ver": "1.4.4",
        "app": "Pro3EM",
        "auth_en": False,
        "auth_domain": None,
        "profile": "triphase",
    },
}
"""What a Shelly says at ``/shelly``, after its API documentation: who it is, to whomever asks."""
