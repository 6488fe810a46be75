from __future__ import annotations

import math
import struct

import pytest

from bitgrid.devices.modbus.numbers import is_measured


@pytest.mark.parametrize("value", [0, -0.0, 0.001, -4880.0, 1.2e-38, 3.4e38, 0x7FFFFFFF, -1])
def test_a_meter_can_have_measured_it(value: float) -> None:
    assert is_measured(value)


@pytest.mark.parametrize(
    "raw", ["7fc00000", "7f800000", "ff800000", "80008000", "8000c4bb", "00000001", "0000ffff"]
)
def test_what_is_no_number_or_looks_like_an_integer_read_as_a_float_is_not_measured(raw: str) -> None:
    """0x8000c4bb is −1500 W with its words swapped."""
    (value,) = struct.unpack(">f", bytes.fromhex(raw))
    assert not math.isfinite(value) or abs(value) < 1e-37
    assert not is_measured(value)
