"""The home's battery: takes surplus, covers what is missing, within its limits, and loses some on both ways."""

from __future__ import annotations

from bitgrid.config.plant import PlantBattery


class BatteryBank:
    """A battery stepped by the second; power is measured at its terminals, in whole watts.

    Args:
        capacity_wh: what it holds between 0 and 100 %.
        physics: limits, losses and where it starts.
    """

    def __init__(self, capacity_wh: int, physics: PlantBattery) -> None:
        self.capacity_ws = capacity_wh * 3600
        self._physics = physics
        self._floor_ws = self.capacity_ws * physics.soc_min_pct / 100
        self.stored_ws = self.capacity_ws * physics.soc_start_pct / 100

    @property
    def soc_pct(self) -> float:
        """State of charge, %."""
        return 100 * self.stored_ws / self.capacity_ws

    def set_soc(self, soc_pct: float) -> None:
        """Put it at a state of charge."""
        self.stored_ws = self.capacity_ws * soc_pct / 100

    def balance(self, surplus_w: int) -> int:
        """Live through one second with so much surplus (− missing) around; its power, W, + charging."""
        efficiency = self._physics.one_way_efficiency
        if surplus_w >= 0:
            room_w = int((self.capacity_ws - self.stored_ws) / efficiency)
            power_w = min(surplus_w, self._physics.max_charge_w, room_w)
            self.stored_ws += power_w * efficiency
            return power_w
        left_w = max(0, int((self.stored_ws - self._floor_ws) * efficiency))
        power_w = min(-surplus_w, self._physics.max_discharge_w, left_w)
        self.stored_ws -= power_w / efficiency
        return -power_w
