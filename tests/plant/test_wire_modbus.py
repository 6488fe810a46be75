"""What a spoiled Modbus answer looks like, byte by byte."""

from __future__ import annotations

import pytest

from bitgrid.plant.wire_faults import OF_MODBUS, WireFault
from bitgrid.plant.wire_modbus import ModbusSpoil

QUESTION = bytes.fromhex("0007 0000 0006 01 03 9c42 0003")
ANSWER = bytes.fromhex("0007 0000 0009 01 03 06 0001 0002 0003")
SPOILED = {
    WireFault.WRONG_TRANSACTION: "0006 0000 0009 01 03 06 0000 0003 0002",
    WireFault.WRONG_PROTOCOL: "0007 0001 0009 01 03 06 0000 0003 0002",
    WireFault.WRONG_UNIT: "0007 0000 0009 00 03 06 0000 0003 0002",
    WireFault.WRONG_FUNCTION: "0007 0000 0009 01 04 06 0000 0003 0002",
    WireFault.BAD_COUNT: "0007 0000 0009 01 03 08 0001 0002 0003",
    WireFault.SHORT: "0007 0000 0007 01 03 04 0001 0002",
    WireFault.SWAPPED_WORDS: "0007 0000 0009 01 03 06 0002 0001 0003",
    WireFault.NOT_A_NUMBER: "0007 0000 0009 01 03 06 7fc0 0000 7fc0",
    WireFault.NOT_IMPLEMENTED: "0007 0000 0009 01 03 06 8000 8000 8000",
    WireFault.FROZEN: "0007 0000 0009 01 03 06 0001 0002 0003",
    **{
        WireFault(f"exception-{code}"): f"0007 0000 0003 01 83 {code:02x}"
        for code in (1, 2, 3, 4, 6, 10, 11)
    },
}  # fmt: skip


def test_nothing_that_modbus_can_say_wrongly_is_left_out() -> None:
    assert set(SPOILED) == OF_MODBUS


@pytest.mark.parametrize("fault", SPOILED)
def test_an_answer_is_spoiled(fault: WireFault) -> None:
    assert ModbusSpoil()(fault, QUESTION, ANSWER) == bytes.fromhex(SPOILED[fault])


def test_what_is_no_answer_to_a_read_and_what_is_sound_stays_as_it_is() -> None:
    refusal = bytes.fromhex("0007 0000 0003 01 83 02")
    assert ModbusSpoil()(WireFault.SWAPPED_WORDS, QUESTION, refusal) == refusal
    assert ModbusSpoil()(WireFault.BAD_COUNT, QUESTION, refusal) == refusal
    assert ModbusSpoil()(WireFault.SHORT, QUESTION, b"") == b""
    assert ModbusSpoil()(None, QUESTION, ANSWER) == ANSWER


def test_a_frozen_device_repeats_each_first_answer_under_the_new_transaction_until_it_thaws() -> None:
    spoil, later = ModbusSpoil(), bytes.fromhex("0008 0000 0009 01 03 06 0009 0009 0009")
    again, other = b"\0\x08" + QUESTION[2:], QUESTION[:-1] + b"\x02"
    assert spoil(WireFault.FROZEN, QUESTION, ANSWER) == ANSWER
    assert spoil(WireFault.FROZEN, again, later) == b"\0\x08" + ANSWER[2:]
    assert spoil(WireFault.FROZEN, other, later) == later
    assert spoil(None, again, later) == later
    assert spoil(WireFault.FROZEN, again, later) == later
