"""Which lines of site.yaml turn a signal's sign. Pure."""

from __future__ import annotations

from typing import NamedTuple

from bitgrid.config.site import Site


class Turn(NamedTuple):
    """A device whose ``invert_sign`` decides a signal's sign, and what that list must be for it to turn."""

    device: str
    invert_sign: tuple[str, ...]

    def __str__(self) -> str:
        return f"invert_sign: [{', '.join(self.invert_sign)}]"


def turns(site: Site, signal: str) -> list[Turn]:
    """Of each device that measures a signal, the line that turns it; several where several are added up."""
    return [
        Turn(
            device.id,
            tuple(name for name in device.signals if (name in device.invert_sign) is not (name == signal)),
        )
        for device in site.devices
        if signal in device.signals
    ]
