"""The password of a device that is asked by HTTP, read when first needed: a missing file silences it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from bitgrid.config import ConfigError
from bitgrid.config.secrets import Credentials
from bitgrid.devices.authentication import authenticated, with_basic
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer, HttpExchange

_WAYS = {"asked": authenticated, "told": with_basic}


def behind_password(
    exchange: HttpExchange, way: Literal["asked", "told"], secret: Callable[[], Credentials], device: str
) -> HttpExchange:
    """The same exchange, which says who one is.

    Args:
        exchange: how the device is reached.
        way: when the device asks, or with every request; see `JsonProfile.authentication`.
        secret: reads the credentials; while that fails the device is not asked, and each try reads anew.
        device: its name for people.
    """
    known: list[HttpExchange] = []

    def answered(
        method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        if not known:
            try:
                known.append(_WAYS[way](exchange, secret()))
            except ConfigError as error:
                raise DeviceRefused(
                    f"{device} was not asked, because its password is not known: {error}"
                ) from None
        return known[0](method, target, body, headers)

    return answered
