"""A device read by HTTP and JSON, as its profile in config/devices/ says: every path asked for once a reading."""

from __future__ import annotations

from collections.abc import Iterable

from bitgrid.config.profiles import JsonPoint, JsonProfile
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.parsing import json_document
from bitgrid.devices.pointed import figure_at, has_null, pointed
from bitgrid.devices.transport import HttpExchange

_OK, _UNAUTHORIZED = range(200, 300), 401


class JsonDevice:
    """A device behind HTTP.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
        profile: where its figures stand.
        signals: what it is asked for.
    """

    def __init__(
        self, device: str, exchange: HttpExchange, profile: JsonProfile, signals: Iterable[SignalName]
    ) -> None:
        self._device, self._exchange = device, exchange
        self._points = {name: profile.signals[name].points for name in signals}
        self._paths = sorted({point.path for points in self._points.values() for point in points})

    def read(self) -> dict[SignalName, float | None]:
        """Every signal that is asked for: the sum of its points; None where one of them is not told.

        Raises:
            DeviceError: it did not answer, or not with JSON.
        """
        documents = {path: self._ask(path) for path in self._paths}
        told: dict[SignalName, float | None] = {}
        for name, points in self._points.items():
            figures = [_figure(documents[point.path], point) for point in points]
            known = [figure for figure in figures if figure is not None]
            told[name] = sum(known) if len(known) == len(figures) else None
        return told

    def _ask(self, path: str) -> object:
        answer = self._exchange("GET", path)
        if answer.status == _UNAUTHORIZED:
            raise DeviceRefused(
                f"{self._device} asks for a password, or refused the one it was given; look at its secret in "
                "site.yaml, and at the file of that name"
            )
        if answer.status not in _OK:
            raise DeviceRefused(f"{self._device} refused {path} with HTTP {answer.status}")
        return json_document(answer.body, self._device)


def _figure(document: object, point: JsonPoint) -> float | None:
    if point.valid_pointer is not None and pointed(document, point.valid_pointer) is not True:
        return None
    if point.null_means is not None and has_null(document, point.pointer):
        return point.null_means
    return figure_at(document, point, point.pointer)
