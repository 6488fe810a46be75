"""When a simulated miner or relay gives no answer at all, for every make alike."""

from __future__ import annotations

from bitgrid.devices.errors import DeviceSilent
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House


def check_miner_answers(house: House, load: str) -> None:
    """A miner can answer; each of them asks this first.

    Raises:
        DeviceSilent: it has no power, still boots, or a fault keeps it from answering.
    """
    if not house.miners[load].is_up or Fault.MINER_SILENT in house.faults:
        raise DeviceSilent(f"the miner of {load} does not answer (off, booting or a fault)")


def check_relay_answers(house: House, load: str) -> None:
    """A relay can answer, since it has power whenever the house has; each of them asks this first.

    Raises:
        DeviceSilent: a fault keeps it from answering.
    """
    if Fault.RELAY_SILENT in house.faults:
        raise DeviceSilent(f"the relay of {load} does not answer (simulated fault)")
