"""A battery carried forward by steps of any length, in integers: milliwatt seconds, so that nothing is lost.

The arithmetic is that of `kernel.outlook`: limits in W, an efficiency on each way, nothing below its empty charge.
"""

from __future__ import annotations

from bitgrid.kernel import Battery

_PERMILLE = 1000


class BatteryBank:
    """A battery at a state of charge.

    Args:
        battery: size, limits and efficiency.
        soc: state of charge, 0.1 %.
    """

    def __init__(self, battery: Battery, soc: int) -> None:
        self._max_charge_w, self._max_discharge_w = battery.max_charge_w, battery.max_discharge_w
        self._efficiency = battery.one_way_efficiency_permille
        self.full_mws = battery.capacity_wh * 3600 * _PERMILLE
        self._empty_mws = self.full_mws * battery.empty_soc // 1000
        self.stored_mws = self.full_mws * soc // 1000

    @property
    def soc(self) -> int:
        """State of charge, 0.1 %."""
        return self.stored_mws * 1000 // self.full_mws

    def balance(self, surplus_ws: int, seconds: int) -> int:
        """Live ``seconds`` with so much over (− missing) in them; what it took (− gave). In watt seconds."""
        if surplus_ws >= 0:
            room_ws = (self.full_mws - self.stored_mws) // self._efficiency
            taken_ws = min(surplus_ws, self._max_charge_w * seconds, room_ws)
            self.stored_mws += taken_ws * self._efficiency
            return taken_ws
        left_ws = max(0, self.stored_mws - self._empty_mws) * self._efficiency // (_PERMILLE * _PERMILLE)
        given_ws = min(-surplus_ws, self._max_discharge_w * seconds, left_ws)
        self.stored_mws -= -(-given_ws * _PERMILLE * _PERMILLE // self._efficiency)
        return -given_ws
