"""Fronius GEN24 and SolarEdge with meter: register images after the sources that docs/sunspec.md names.

Nobody read them from a device. The order of the models is the makers'; the points are encoded by pysunspec2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import pytest
from sunspec2.device import Model  # type: ignore[import-untyped]

from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.modbus.sunspec_about import about

Image = list[int]


def words(data: bytes) -> Image:
    return list(struct.unpack(f">{len(data) // 2}H", data))


def block(number: int, **points: Any) -> Image:
    return words(Model(number, data=points).get_mb())


def common(maker: str, model: str, length: int = 66) -> Image:
    """The common model; SolarEdge's is one register shorter than the norm's."""
    whole = block(1, Mn=maker, Md=model, SN="30412345", DA=1)
    return [1, length, *whole[2 : 2 + length]]


class Inverter:
    """Holding registers from 40000 on."""

    def __init__(self, models: Iterable[Image]) -> None:
        self.words = [0x5375, 0x6E53, *(word for model in models for word in model), 0xFFFF, 0]

    def __call__(self, address: int, count: int, _function: str = "holding") -> Image:
        begin = address - 40_000
        if begin < 0 or begin + count > len(self.words):
            raise DeviceRefused("illegal data address")
        return self.words[begin : begin + count]


def mppt(*powers_w: int | None, scale: int = 0) -> Image:
    modules = [{"ID": i, "DCW": power} if power is not None else {"ID": i} for i, power in enumerate(powers_w, 1)]
    return block(160, DCW_SF=scale, N=len(modules), module=modules)


def gen24(*powers_w: int | None, ac_w: float = 2900.0, floats: bool = True, soc: int = 6350) -> Inverter:
    """A GEN24 with storage: inverter, nameplate to controls, four modules, storage."""
    inverter = block(113, W=ac_w) if floats else block(103, W=round(ac_w), W_SF=0)
    rest = [
        block(120, WRtg=10_000, WRtg_SF=0),
        block(121, WMax=10_000, WMax_SF=0),
        block(122),
        block(123, WMaxLimPct=10_000, WMaxLimPct_SF=-2, WMaxLim_Ena=0),
    ]
    storage = block(124, ChaState=soc, ChaState_SF=-2, WChaMax=5000, WChaMax_SF=0)
    return Inverter([common("Fronius", "Symo GEN24 10.0"), inverter, *rest, mppt(*powers_w), storage])


HYBRID: list[SignalName] = ["pv_power_w", "battery_power_w", "battery_soc_pct"]


@pytest.mark.parametrize("floats", [True, False])
def test_a_gen24_that_charges_tells_its_sun_by_its_modules(floats: bool) -> None:
    read = SunSpecDevice("inverter", gen24(3100, 1900, 2000, 0, floats=floats), HYBRID).read()
    assert read == {"pv_power_w": 5000, "battery_power_w": 2000, "battery_soc_pct": 63.5}


def test_a_gen24_that_discharges_at_night_has_no_sun_though_it_feeds_the_house() -> None:
    read = SunSpecDevice("inverter", gen24(0, 0, 0, 1200, ac_w=1150.0), HYBRID).read()
    assert read == {"pv_power_w": 0, "battery_power_w": -1200, "battery_soc_pct": 63.5}


def test_a_gen24s_modules_that_are_not_told_are_missing_and_never_zero() -> None:
    assert SunSpecDevice("inverter", gen24(None, None, None, None), HYBRID).read() == {
        "pv_power_w": None,
        "battery_power_w": None,
        "battery_soc_pct": 63.5,
    }
    one_string = SunSpecDevice("inverter", gen24(3100, None, 2000, None), HYBRID).read()
    assert (one_string["pv_power_w"], one_string["battery_power_w"]) == (3100, None)


def test_a_fronius_hybrid_of_another_kind_does_not_tell_its_sun() -> None:
    """Two modules and a battery: nobody knows which of them is the battery."""
    older = SunSpecDevice("inverter", gen24(3100, 900), HYBRID).read()
    assert (older["pv_power_w"], older["battery_power_w"]) == (None, None)


def test_a_gen24_without_storage_is_an_inverter_like_any_other() -> None:
    inverter = Inverter([common("Fronius", "Primo GEN24 5.0"), block(113, W=2900.0), mppt(1500, 1480)])
    assert SunSpecDevice("inverter", inverter, ["pv_power_w"]).read() == {"pv_power_w": 2900}


@pytest.mark.parametrize("meter", [block(213, W=-1500.0), block(203, W=-1500, W_SF=0)])
def test_the_meter_behind_a_gen24_is_a_device_of_its_own(meter: Image) -> None:
    """Unit 200; import counts positive."""
    registers = Inverter([common("Fronius", "Smart Meter TS 65A-3"), meter])
    assert SunSpecDevice("meter", registers, ["grid_power_w"]).read() == {"grid_power_w": -1500}


def test_other_makers_third_and_fourth_input_is_sun() -> None:
    models = [common("Another", "Hybrid"), block(103, W=6000, W_SF=0), mppt(100, 200, 300, 400, scale=1)]
    storage = block(124, ChaState=50, ChaState_SF=0)
    assert SunSpecDevice("inverter", Inverter([*models, storage]), HYBRID).read() == {
        "pv_power_w": 10_000,
        "battery_power_w": None,
        "battery_soc_pct": 50,
    }


def solaredge(ac_w: int, meter_w: int) -> Inverter:
    return Inverter(
        [
            common("SolarEdge ", "SE10K", 65),
            block(103, W=ac_w, W_SF=1),
            common("WattNode", "WND-3Y-400-MB", 65),
            block(203, W=meter_w, W_SF=0),
        ]
    )


def test_a_solaredge_and_the_meter_behind_it_are_one_device() -> None:
    """The meter counts export positive; site.yaml's invert_sign turns it, in the poller."""
    read = SunSpecDevice("inverter", solaredge(432, 1500), ["pv_power_w", "grid_power_w"]).read()
    assert read == {"pv_power_w": 4320, "grid_power_w": 1500}


def test_a_solaredges_models_lie_where_its_technical_note_says() -> None:
    """Inverter at 40069, the meter's common model at 40121, the meter at 40188."""
    registers = solaredge(0, 0)
    assert registers(40_069, 2) == [103, 50]
    assert registers(40_121, 2) == [1, 65]
    assert registers(40_188, 2) == [203, 105]


def test_a_device_says_what_it_is() -> None:
    told = about(gen24(0, 0, 0, 0), "inverter")
    assert (told.maker, told.model, told.serial) == ("Fronius", "Symo GEN24 10.0", "30412345")
    assert (told.rated_w, told.max_w, told.limit_pct) == (10_000, 10_000, None)
    assert told.models == (1, 113, 120, 121, 122, 123, 160, 124)


def test_a_limit_that_is_switched_on_is_told() -> None:
    models = [common("Maker", "Model"), block(123, WMaxLimPct=6000, WMaxLimPct_SF=-2, WMaxLim_Ena=1)]
    assert about(Inverter(models), "inverter").limit_pct == 60


def test_a_der_of_the_newer_models_tells_its_rating_there() -> None:
    models = [common("Maker", "Model"), block(702, WMaxRtg=80, WMax=70, W_SF=2)]
    told = about(Inverter(models), "inverter")
    assert (told.rated_w, told.max_w, told.limit_pct) == (8000, 7000, None)


def test_a_device_without_a_common_model_is_still_told_about() -> None:
    told = about(Inverter([block(203, W=1, W_SF=0)]), "meter")
    assert (told.maker, told.rated_w, told.models) == ("", None, (203,))
