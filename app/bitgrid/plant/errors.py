"""What can go wrong with the simulated house.

PlantError             what happened, what it means, what to do
├─ BadRecording      a file of recorded data cannot be used; names the line
└─ NoPlant           no simulated house answers at the control socket
"""

from __future__ import annotations


class PlantError(Exception):
    """The simulated house cannot do what was asked."""


class BadRecording(PlantError):
    """A recording cannot be read; the text names file and line."""


class NoPlant(PlantError):
    """No simulated house is running where one was looked for."""


def taken(host: str, port: int) -> PlantError:
    """The error for an address that cannot be listened on."""
    return PlantError(
        f"cannot listen on {host}:{port}: the address is taken or not this machine's; "
        "end what uses it, or give another port in site.yaml"
    )
