"""A contact as a device: on is one value of its signals, off another."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bitgrid.config.device import GpioPin
from bitgrid.config.signals import SignalName


class Contact:
    """A contact that says one thing of every signal it stands for.

    Args:
        pin: what on and off mean.
        signals: what it tells.
        is_on: asks the pin; may raise `DeviceError`.
    """

    def __init__(self, pin: GpioPin, signals: Iterable[SignalName], is_on: Callable[[], bool]) -> None:
        self._pin, self._signals, self._is_on = pin, tuple(signals), is_on

    def read(self) -> dict[SignalName, float | None]:
        """Every signal, as the contact is now; see `SignalSource.read`."""
        value = self._pin.on_value if self._is_on() else self._pin.off_value
        return dict.fromkeys(self._signals, value)
