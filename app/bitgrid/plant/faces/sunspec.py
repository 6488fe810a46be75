"""SunSpec devices: register images from the models that pysunspec2 ships, from ``SunS`` at 40000 on.

What stands where, by the signals site.yaml gives the device:

- ``pv_power_w``: model 103, ``W`` + generating.
- ``battery_power_w``, ``battery_soc_pct``: model 103 (unless PV has it) and model 802, both ``W`` + *discharging*,
  as generators count and as evcc reads model 802; SoC in 802 ``SoC`` and, for basic storage, 124 ``ChaState``.
- ``grid_power_w``: model 203, ``W`` + *import*: a meter at the grid connection, looking from grid to house.
- ``house_load_w``: model 203, ``W`` + consumption.

A signal under ``invert_sign`` is reported the other way round. Scale factors follow the value, as in real
inverters, so that 16 bits always hold it and nothing is lost below 32 kW. Registers can be read, not written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from sunspec2.device import Model  # type: ignore[import-untyped]  # the package has no types

from bitgrid.config import DeviceConfig
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.transport import RegisterFunction
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.registers import Span
from bitgrid.plant.faces.truth import Truth
from bitgrid.plant.model import House

BASE_ADDRESS = 40_000
MAX_READ = 125
VOLTS = 230
_MARK = [0x5375, 0x6E53]  # "SunS"
_END = [0xFFFF, 0]
_INT16_MAX = 32_767


class Block:
    """One SunSpec model in registers; what is not given is 'not implemented'."""

    def __init__(self, number: int, points: Mapping[str, int | str]) -> None:
        self._points = Model(number, data=dict(points)).points
        self.words: list[int] = []
        for name in self._points:
            self.words += self._encode(name)

    def put(self, **values: int) -> None:
        """Write points by name, in raw (unscaled) numbers."""
        for name, value in values.items():
            point = self._points[name]
            point.value = value
            self.words[point.offset : point.offset + point.len] = self._encode(name)

    def _encode(self, name: str) -> list[int]:
        data: bytes = self._points[name].get_mb()
        return list(struct.unpack(f">{len(data) // 2}H", data))


class SunSpecFace:
    """A device's holding registers: a `RegisterReader`.

    Args:
        house: the house it measures.
        device: what it measures and how it is called.
    """

    def __init__(self, house: House, device: DeviceConfig) -> None:
        self._house, self._device, self._truth = house, device, Truth(house, device)
        self._signals = set(device.signals)
        self._blocks: list[Block] = [_common(device.id)]
        self._updates: list[Callable[[], None]] = []
        self._check()
        if "pv_power_w" in self._signals:
            self._add_inverter(lambda: round(self._truth.tell("pv_power_w")))
        if self._signals & {"battery_power_w", "battery_soc_pct"}:
            self._add_battery()
        if self._signals & {"grid_power_w", "house_load_w"}:
            self._add_meter()

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from answering."""
        return self._truth.is_silent

    def image(self) -> list[int]:
        """All registers from `BASE_ADDRESS` on, as they stand now."""
        for update in self._updates:
            update()
        words = list(_MARK)
        for block in self._blocks:
            words += block.words
        return words + _END

    def spans(self) -> list[Span]:
        """The same, as the Modbus server wants it."""
        return [Span("holding", BASE_ADDRESS, self.image())]

    def __call__(self, address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        """``count`` registers from ``address``; see `RegisterReader`."""
        self._truth.check_answers()
        image, offset = self.image(), address - BASE_ADDRESS
        if function != "holding" or not 0 < count <= MAX_READ or offset < 0 or offset + count > len(image):
            raise DeviceRefused(f"{self._device.id} has no {count} registers at {address}")
        return image[offset : offset + count]

    def _check(self) -> None:
        if {"grid_power_w", "house_load_w"} <= self._signals:
            raise PlantError(
                f"device {self._device.id} cannot be simulated: give grid_power_w and house_load_w a device each"
            )

    def _add_inverter(self, power_w: Callable[[], int]) -> None:
        block, energy = _inverter(), self._house.energy
        self._blocks.append(block)

        def update() -> None:
            watts, scale = scaled(power_w())
            amperes = min(abs(power_w()) * 100 // VOLTS, 65_534)
            energy_ws = energy.pv_ws if "pv_power_w" in self._signals else 0
            block.put(W=watts, W_SF=scale, A=amperes, AphA=amperes // 3, AphB=amperes // 3, AphC=amperes // 3)
            block.put(WH=accumulated_wh(energy_ws), St=4 if watts else 8)

        self._updates.append(update)

    def _add_battery(self) -> None:
        house = self._house

        def discharging_w() -> int:
            return -round(self._truth.tell("battery_power_w"))

        if "pv_power_w" not in self._signals:
            self._add_inverter(discharging_w)
        storage, bank = _storage(house), _battery_bank(house)
        self._blocks += [storage, bank]

        def update() -> None:
            watts, scale = scaled(discharging_w())
            soc = round(100 * (house.soc_pct or 0.0))
            state = 4 if watts < 0 else 3 if watts > 0 else 6
            storage.put(ChaState=soc, ChaSt=state)
            bank.put(W=watts, W_SF=scale, A=watts * 10 // 48, SoC=soc, ChaSt=state)

        self._updates.append(update)

    def _add_meter(self) -> None:
        block, house = _meter(), self._house
        self._blocks.append(block)
        is_grid = "grid_power_w" in self._signals

        def update() -> None:
            power_w = round(self._truth.tell("grid_power_w" if is_grid else "house_load_w"))
            watts, scale = scaled(power_w)
            amperes, _ = scaled(power_w // VOLTS)
            imported_ws = house.energy.imported_ws if is_grid else house.energy.house_ws
            exported_ws = house.energy.exported_ws if is_grid else 0
            block.put(W=watts, W_SF=scale, A=amperes, AphA=amperes // 3, AphB=amperes // 3, AphC=amperes // 3)
            block.put(TotWhImp=accumulated_wh(imported_ws), TotWhExp=accumulated_wh(exported_ws))

        self._updates.append(update)


def scaled(value: int) -> tuple[int, int]:
    """A number and its power of ten, so that it fits a signed register; exact up to 32,767."""
    scale = 0
    while abs(value) > _INT16_MAX:
        value, scale = int(value / 10), scale + 1
    return value, scale


def accumulated_wh(energy_ws: int) -> int:
    """A counter as a 32-bit accumulator, which wraps; its 0 would mean 'not implemented'."""
    return max(1, energy_ws // 3600 & 0xFFFFFFFF)


def _common(name: str) -> Block:
    return Block(1, {"Mn": "BitGrid", "Md": "Simulated house", "Vr": "1", "SN": name, "DA": 1})


def _inverter() -> Block:
    volts = {"PhVphA": VOLTS, "PhVphB": VOLTS, "PhVphC": VOLTS, "V_SF": 0}
    rest = {"A_SF": -2, "Hz": 5000, "Hz_SF": -2, "WH_SF": 0, "TmpCab": 35, "Tmp_SF": 0, "Evt1": 0, "Evt2": 0}
    return Block(103, volts | rest)


def _storage(house: House) -> Block:
    rates = {"WChaMax": house.plant.battery.max_charge_w, "WChaGra": 100, "WDisChaGra": 100}
    scales = {"WChaMax_SF": 0, "WChaDisChaGra_SF": 0, "ChaState_SF": -2, "MinRsvPct_SF": 0}
    reserve = round(house.plant.battery.soc_min_pct)
    return Block(124, rates | scales | {"StorCtl_Mod": 0, "MinRsvPct": reserve})


def _battery_bank(house: House) -> Block:
    capacity_wh, physics = house.battery.capacity_ws // 3600 if house.battery else 0, house.plant.battery
    sizes = {"AHRtg": capacity_wh // 480, "WHRtg": capacity_wh // 10}
    sizes |= {"WChaRteMax": physics.max_charge_w // 10, "WDisChaRteMax": physics.max_discharge_w // 10}
    scales = {"AHRtg_SF": 1, "WHRtg_SF": 1, "WChaDisChaMax_SF": 1, "SoC_SF": -2, "V_SF": 0, "CellV_SF": 0}
    scales |= {"A_SF": -1, "AMax_SF": 0, "W_SF": 0}
    state = {"LocRemCtl": 0, "AlmRst": 0, "Typ": 4, "State": 3, "V": 48, "SetOp": 1, "SetInvState": 3}
    return Block(802, sizes | scales | state | {"Evt1": 0, "Evt2": 0, "EvtVnd1": 0, "EvtVnd2": 0})


def _meter() -> Block:
    phases = {"PhV": VOLTS, "PhVphA": VOLTS, "PhVphB": VOLTS, "PhVphC": VOLTS}
    between = {"PPV": 400, "PhVphAB": 400, "PhVphBC": 400, "PhVphCA": 400}
    rest = {"V_SF": 0, "A_SF": 0, "Hz": 5000, "Hz_SF": -2, "TotWh_SF": 0, "Evt": 0}
    return Block(203, phases | between | rest)
