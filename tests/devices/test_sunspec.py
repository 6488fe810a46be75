"""Registers encoded by pysunspec2, decoded by the driver."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from sunspec2 import device as pysunspec2  # type: ignore[import-untyped]  # the package has no types
from sunspec2.device import Model

from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceBusy, DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.modbus.sunspec_models import registers_for

COMMON = Model(1, data={"Mn": "Maker", "Md": "Model", "SN": "1", "DA": 1})


def block(model: int, **points: float) -> Model:
    return Model(model, data=points)


class Registers:
    """Holding registers with a SunSpec image at ``base``."""

    def __init__(self, *models: Any, base: int = 40_000, has_end: bool = True) -> None:
        data = b"SunS" + b"".join(model.get_mb() for model in (COMMON, *models)) + b"\xff\xff\0\0" * has_end
        self.words = dict(enumerate(struct.unpack(f">{len(data) // 2}H", data), start=base))
        self.reads: list[tuple[int, int]] = []
        self.is_silent = False

    def __call__(self, address: int, count: int) -> list[int]:
        assert 0 < count <= 125
        self.reads.append((address, count))
        if self.is_silent:
            raise DeviceSilent("no answer")
        if any(place not in self.words for place in range(address, address + count)):
            raise DeviceRefused("illegal data address")
        return [self.words[place] for place in range(address, address + count)]


def told(*models: Any, **image: Any) -> float | None:
    """What the models tell of the one signal they are asked for."""
    signal: SignalName = image.pop("signal", "grid_power_w")
    return SunSpecDevice("device", Registers(*models, **image), [signal]).read()[signal]


@pytest.mark.parametrize("model", [101, 102, 103])
@pytest.mark.parametrize(("raw", "scale", "watts"), [(3000, 0, 3000), (3456, -1, 345.6), (123, 2, 12_300)])
def test_an_inverters_power_is_scaled(model: int, raw: int, scale: int, watts: float) -> None:
    assert told(block(model, W=raw, W_SF=scale), signal="pv_power_w") == pytest.approx(watts)


@pytest.mark.parametrize("model", [111, 112, 113])
def test_an_inverter_with_floats_is_read_as_it_is(model: int) -> None:
    assert told(block(model, W=4321.5), signal="pv_power_w") == 4321.5


@pytest.mark.parametrize("model", [201, 202, 203, 204])
def test_a_meters_import_is_positive(model: int) -> None:
    assert told(block(model, W=-1500, W_SF=0)) == -1500
    assert told(block(model, W=700, W_SF=0), signal="house_load_w") == 700


@pytest.mark.parametrize("model", [211, 212, 213, 214])
def test_a_meter_with_floats_is_read_as_it_is(model: int) -> None:
    assert told(block(model, W=-0.25)) == -0.25


def test_a_battery_bank_that_discharges_is_negative() -> None:
    bank = block(802, W=2500, W_SF=0, SoC=734, SoC_SF=-1)
    assert told(bank, signal="battery_power_w") == -2500
    assert told(bank, signal="battery_soc_pct") == pytest.approx(73.4)


def test_basic_storage_tells_its_charge_and_its_inverter_its_power() -> None:
    models = (block(103, W=-1800, W_SF=0), block(124, ChaState=6150, ChaState_SF=-2))
    assert told(*models, signal="battery_power_w") == 1800
    assert told(*models, signal="battery_soc_pct") == pytest.approx(61.5)


def test_a_hybrids_ac_power_is_never_taken_for_its_batterys() -> None:
    registers = Registers(block(103, W=3000, W_SF=0), block(124, ChaState=50, ChaState_SF=0))
    device = SunSpecDevice("hybrid", registers, ["pv_power_w", "battery_power_w", "battery_soc_pct"])
    assert device.read() == {"pv_power_w": 3000, "battery_power_w": None, "battery_soc_pct": 50}


def test_only_the_storage_ports_of_dc_measurements_are_the_battery() -> None:
    ports = [{"PrtTyp": 0, "DCW": 400}, {"PrtTyp": 1, "DCW": -150}, {"PrtTyp": 1, "DCW": -50}]
    model = Model(714, data={"NPrt": 3, "DCW": 200, "DCW_SF": 1, "Prt": ports})
    assert told(model, signal="battery_power_w") == 2000


def test_a_der_tells_its_power_and_its_batterys_charge() -> None:
    assert told(block(701, W=345, W_SF=1), signal="pv_power_w") == 3450
    assert told(block(713, SoC=615, Pct_SF=-1), signal="battery_soc_pct") == 61.5
    assert told(block(701, W=-345, W_SF=1), signal="battery_power_w") == 3450


def test_a_der_with_storage_tells_its_sun_by_its_pv_ports() -> None:
    """Its AC power, 701, has the battery in it."""
    ports = [{"PrtTyp": 0, "DCW": 400}, {"PrtTyp": 0, "DCW": 20}, {"PrtTyp": 1, "DCW": -150}]
    models = (
        block(701, W=2700, W_SF=0),
        block(713, SoC=61, Pct_SF=0),
        Model(714, data={"NPrt": 3, "DCW_SF": 1, "Prt": ports}),
    )
    device = SunSpecDevice("der", Registers(*models), ["pv_power_w", "battery_power_w", "battery_soc_pct"])
    assert device.read() == {"pv_power_w": 4200, "battery_power_w": 1500, "battery_soc_pct": 61}


def test_inputs_of_a_plain_inverter_do_not_stand_for_its_ac_power() -> None:
    modules = Model(160, data={"N": 1, "DCW_SF": 0, "module": [{"DCW": 3100}]})
    assert told(block(103, W=3000, W_SF=0), modules, signal="pv_power_w") == 3000


@pytest.mark.parametrize("missing", [{"DCW_SF": -0x8000}, {}])
def test_inputs_without_a_scale_are_missing(missing: dict[str, int]) -> None:
    modules = Model(160, data={"N": 1, "module": [{"DCW": 3100}]} | missing)
    assert told(block(124), modules, signal="pv_power_w") is None


def test_a_storage_port_that_does_not_tell_makes_the_sum_unknown() -> None:
    model = Model(714, data={"NPrt": 2, "DCW_SF": 0, "Prt": [{"PrtTyp": 1, "DCW": -150}, {"PrtTyp": 1}]})
    assert told(model, signal="battery_power_w") is None


@pytest.mark.parametrize(
    "model",
    [
        block(203, W_SF=0),
        block(203, W=100),
        block(203, W=100, W_SF=11),
        block(203, W=-0x8000, W_SF=0),
        block(213),
        block(213, W=float("nan")),
        block(213, W=float("inf")),
    ],
)
def test_what_is_not_implemented_or_not_finite_is_missing_and_never_zero(model: Model) -> None:
    assert told(model) is None


def test_a_charge_that_is_not_implemented_is_missing() -> None:
    assert told(block(124, ChaState_SF=0), signal="battery_soc_pct") is None
    assert told(block(802, SoC=0xFFFF, SoC_SF=0, W=1, W_SF=0), signal="battery_soc_pct") is None


def test_a_signal_without_a_model_is_missing_and_the_others_are_told() -> None:
    registers = Registers(block(203, W=100, W_SF=0))
    device = SunSpecDevice("meter", registers, ["grid_power_w", "battery_soc_pct"])
    assert device.read() == {"grid_power_w": 100, "battery_soc_pct": None}


@pytest.mark.parametrize("base", [0, 40_000, 50_000])
def test_the_models_are_found_wherever_they_may_begin(base: int) -> None:
    assert told(block(203, W=100, W_SF=0), base=base) == 100


@pytest.mark.parametrize("base", [0, 50_000])
def test_a_device_that_is_silent_where_it_has_no_registers_is_found_all_the_same(base: int) -> None:
    registers = Registers(block(203, W=100, W_SF=0), base=base)

    def read(address: int, count: int, function: str = "holding") -> list[int]:  # noqa: ARG001  as a reader
        try:
            return registers(address, count)
        except DeviceRefused:
            raise DeviceSilent("none came in time") from None

    device = SunSpecDevice("device", read, ["grid_power_w"])
    for _ in range(2 if base == 50_000 else 1):
        before = len(registers.reads)
        with pytest.raises(DeviceSilent):
            device.read()
        assert len(registers.reads) == before + 1
    assert device.read() == {"grid_power_w": 100}
    registers.is_silent = True
    with pytest.raises(DeviceSilent):
        device.read()
    registers.is_silent = False
    assert device.read() == {"grid_power_w": 100}


def test_nonsense_at_the_first_base_does_not_hide_the_mark_at_the_next() -> None:
    registers = Registers(block(203, W=100, W_SF=0), base=50_000)

    def read(address: int, count: int, function: str = "holding") -> list[int]:  # noqa: ARG001  as a reader
        try:
            return registers(address, count)
        except DeviceRefused:
            raise DeviceNonsense("it sent 0 registers of 2") from None

    assert SunSpecDevice("device", read, ["grid_power_w"]).read() == {"grid_power_w": 100}


def test_of_several_bases_that_could_not_be_read_the_first_is_told() -> None:
    def read(address: int, _count: int, _function: str = "holding") -> list[int]:
        raise DeviceNonsense(f"garbage at {address}") if address == 40_000 else DeviceBusy(f"busy at {address}")

    with pytest.raises(DeviceNonsense, match="garbage at 40000"):
        SunSpecDevice("device", read, ["grid_power_w"]).read()


def test_a_list_that_just_stops_is_a_list() -> None:
    assert told(block(203, W=100, W_SF=0), has_end=False) == 100


def test_the_layout_is_found_once_and_each_poll_is_one_read_a_model() -> None:
    registers = Registers(block(103, W=1, W_SF=0), block(203, W=2, W_SF=0))
    device = SunSpecDevice("device", registers, ["pv_power_w", "grid_power_w"])
    device.read()
    registers.reads.clear()
    assert device.read() == {"pv_power_w": 1, "grid_power_w": 2}
    assert len(registers.reads) == 2


def test_a_value_and_its_scale_are_of_the_same_read() -> None:
    registers = Registers(block(802, W=2, W_SF=3, SoC=1, SoC_SF=0))
    device = SunSpecDevice("device", registers, ["battery_power_w"])
    device.read()
    registers.reads.clear()
    device.read()
    assert registers.reads == [(40_002 + 68, 64)]


def test_after_silence_the_layout_is_looked_for_anew() -> None:
    registers = Registers(block(203, W=1, W_SF=0))
    device = SunSpecDevice("device", registers, ["grid_power_w"])
    assert device.read() == {"grid_power_w": 1}
    registers.is_silent = True
    with pytest.raises(DeviceSilent):
        device.read()
    registers.is_silent = False
    registers.words = Registers(block(103, W=5, W_SF=0), block(203, W=9, W_SF=0)).words
    assert device.read() == {"grid_power_w": 9}


def test_a_layout_that_changed_under_way_is_noticed() -> None:
    registers = Registers(block(203, W=1, W_SF=0))
    device = SunSpecDevice("device", registers, ["grid_power_w"])
    device.read()
    registers.words = Registers(block(103, W=5, W_SF=0), block(203, W=9, W_SF=0)).words
    with pytest.raises(DeviceNonsense, match="has changed"):
        device.read()
    assert device.read() == {"grid_power_w": 9}


def test_a_device_without_sunspec_says_what_to_look_at() -> None:
    with pytest.raises(DeviceNonsense, match="is SunSpec enabled"):
        SunSpecDevice("device", lambda _address, count: [0] * count, ["pv_power_w"]).read()


def test_a_list_of_models_without_end_is_nonsense() -> None:
    def read(address: int, count: int) -> list[int]:
        return [0x5375, 0x6E53] if address == 40_000 else [160, 3][:count]

    with pytest.raises(DeviceNonsense, match="does not end"):
        SunSpecDevice("device", read, ["pv_power_w"]).read()


@pytest.mark.parametrize("busy_at", range(2, 6))
def test_a_device_that_is_busy_half_way_is_not_taken_for_a_smaller_one(busy_at: int) -> None:
    """A hybrid whose list seems to end before model 160 would tell its battery's power as the sun's."""
    registers, count = Registers(block(103, W=2000, W_SF=0), block(160, N=0), block(802, W=-1000, W_SF=0)), 0

    def busy_once(address: int, size: int) -> list[int]:
        nonlocal count
        count += 1
        if count == busy_at:
            raise DeviceBusy("busy")
        return registers(address, size)

    device = SunSpecDevice("device", busy_once, ["pv_power_w"])
    with pytest.raises(DeviceBusy):
        device.read()
    assert device.read() == {"pv_power_w": None}


def test_a_busy_answer_at_the_first_base_does_not_hide_the_mark_at_the_next() -> None:
    registers = Registers(block(203, W=700, W_SF=0), base=0)

    def busy_at_first(address: int, size: int) -> list[int]:
        if address == 40_000:
            raise DeviceBusy("busy")
        return registers(address, size)

    assert SunSpecDevice("device", busy_at_first, ["grid_power_w"]).read() == {"grid_power_w": 700}


def test_a_device_that_is_busy_at_every_base_is_busy_and_not_without_sunspec() -> None:
    def busy(_address: int, _size: int) -> list[int]:
        raise DeviceBusy("busy")

    with pytest.raises(DeviceBusy):
        SunSpecDevice("device", busy, ["grid_power_w"]).read()


def test_where_a_process_stands_no_model_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model_704.json").write_text("nothing of the kind")
    monkeypatch.chdir(tmp_path)
    pysunspec2.clear_model_defs_cache()
    assert registers_for(704, "WMaxLimPct") > 2
