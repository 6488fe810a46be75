"""What a measuring device of the house knows: the house's truth, signal by signal, in the signs of the bus.

Where several devices measure one thing together, each has its part. A signal under ``invert_sign`` is told the
other way round, as such a device would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bitgrid.config import DeviceConfig
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceSilent
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

_SILENCED_BY: dict[SignalName, Fault] = {
    "grid_power_w": Fault.METER_SILENT,
    "pv_power_w": Fault.INVERTER_SILENT,
    "battery_power_w": Fault.BATTERY_SILENT,
    "battery_soc_pct": Fault.BATTERY_SILENT,
}
_OF_BATTERY = {"battery_power_w", "battery_soc_pct"}


class Truth:
    """The house as one device measures it.

    Args:
        house: the house it measures.
        device: what it measures and how it is called.

    Raises:
        PlantError: it is to measure what this house does not have.
    """

    def __init__(self, house: House, device: DeviceConfig) -> None:
        self._house, self._device = house, device
        self._tells: Mapping[SignalName, Callable[[], float]] = {
            "grid_power_w": lambda: house.metered_w,
            "pv_power_w": lambda: self._part("pv_power_w", house.pv_w),
            "house_load_w": lambda: house.house_w,
            "battery_power_w": lambda: self._part("battery_power_w", house.battery_w),
            "battery_soc_pct": lambda: house.soc_pct or 0.0,
        }
        unknown = [name for name in device.signals if name not in self._tells]
        if unknown:
            raise PlantError(f"device {device.id} cannot be simulated: this house has no {', '.join(unknown)}")
        if _OF_BATTERY & set(device.signals) and not house.battery:
            raise PlantError(
                f"device {device.id} cannot be simulated: site.yaml names no battery; "
                "give it battery: {capacity_wh: …}"
            )

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps the device from answering."""
        faults = self._house.faults
        return bool(faults) and any(_SILENCED_BY.get(signal) in faults for signal in self._device.signals)

    def check_answers(self) -> None:
        """It can answer; its face asks this first.

        Raises:
            DeviceSilent: a fault keeps it from answering.
        """
        if self.is_silent:
            raise DeviceSilent(f"{self._device.id} does not answer (simulated fault)")

    def tell(self, signal: SignalName) -> float:
        """A signal as the device measures it now, in the unit of its name."""
        value = self._tells[signal]()
        return -value if signal in self._device.invert_sign else value

    def _part(self, signal: SignalName, total_w: int) -> int:
        """This device's part of what several measure together; the first has what cannot be split."""
        ids = [device.id for device in self._house.site.devices if signal in device.signals]
        each_w, rest_w = divmod(total_w, len(ids))
        return each_w + (rest_w if self._device.id == ids[0] else 0)
