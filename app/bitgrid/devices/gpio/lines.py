"""A pin, opened through libgpiod (the optional extra ``gpio``): checked against gpiod 2.5, not against a board."""

from __future__ import annotations

from collections.abc import Callable

from bitgrid.config.device import GpioPin
from bitgrid.devices.errors import DeviceRefused


class GpioLine:
    """A pin as an input, opened when first asked and again after an error. An error is told at every try."""

    def __init__(self, device: str, pin: GpioPin) -> None:
        self._device, self._pin = device, pin
        self._get: Callable[[], bool] | None = None

    def is_on(self) -> bool:
        """Whether the pin is active now.

        Raises:
            DeviceRefused: it cannot be opened or read; the text says what is missing.
        """
        try:
            self._get = self._get or self._open()
            return self._get()
        except ImportError:
            raise DeviceRefused(
                f"{self._device}: reading a pin needs the extra gpio; install it with: pip install 'bitgrid[gpio]'"
            ) from None
        except (OSError, ValueError) as error:
            self._get = None
            raise DeviceRefused(
                f"{self._device}: line {self._pin.line} of {self._pin.chip} cannot be read ({error}). Is there "
                "such a chip (gpiodetect), may this user open it (group gpio), and does nobody else hold the line?"
            ) from None

    def _open(self) -> Callable[[], bool]:
        import gpiod  # noqa: PLC0415  an optional extra, which only who has a contact needs
        from gpiod.line import Bias, Direction, Value  # noqa: PLC0415  as above

        settings = gpiod.LineSettings(
            direction=Direction.INPUT,
            active_low=self._pin.active_low,
            bias=Bias.PULL_UP if self._pin.active_low else Bias.PULL_DOWN,
        )
        lines = gpiod.request_lines(self._pin.chip, consumer="bitgrid", config={self._pin.line: settings})
        return lambda: bool(lines.get_value(self._pin.line) is Value.ACTIVE)
