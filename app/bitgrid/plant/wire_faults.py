"""What can be made to go wrong on the wire to a device, one at a time for each port."""

from __future__ import annotations

from enum import StrEnum


class WireFault(StrEnum):
    """Something that is wrong between a device and its reader."""

    LATE = "late"
    SLOW = "slow"
    SPLIT = "split"
    TWICE = "twice"
    GARBAGE_BEFORE = "garbage-before"
    GARBAGE_INSTEAD = "garbage-instead"
    CUT = "cut"
    RESET = "reset"
    MUTE = "mute"
    VANISHED = "vanished"
    ONE_CLIENT = "one-client"
    WRONG_UNIT = "wrong-unit"
    WRONG_FUNCTION = "wrong-function"
    WRONG_TRANSACTION = "wrong-transaction"
    WRONG_PROTOCOL = "wrong-protocol"
    EXCEPTION_1 = "exception-1"
    EXCEPTION_2 = "exception-2"
    EXCEPTION_3 = "exception-3"
    EXCEPTION_4 = "exception-4"
    EXCEPTION_6 = "exception-6"
    EXCEPTION_10 = "exception-10"
    EXCEPTION_11 = "exception-11"
    SHORT = "short"
    BAD_COUNT = "bad-count"
    SWAPPED_WORDS = "swapped-words"
    NOT_A_NUMBER = "not-a-number"
    NOT_IMPLEMENTED = "not-implemented"
    FROZEN = "frozen"


WIRE_DESCRIPTIONS: dict[WireFault, str] = {
    WireFault.LATE: "each answer comes only when the next question is asked, before that one's own",
    WireFault.SLOW: "each answer comes a third of a second late, within the time-out",
    WireFault.SPLIT: "each answer comes byte by byte",
    WireFault.TWICE: "each answer comes twice",
    WireFault.GARBAGE_BEFORE: "garbage comes before each answer",
    WireFault.GARBAGE_INSTEAD: "garbage comes instead of each answer",
    WireFault.CUT: "half an answer comes, then the connection is closed",
    WireFault.RESET: "the connection is reset instead of each answer",
    WireFault.MUTE: "connections are taken and questions read, and nothing is ever answered on them",
    WireFault.VANISHED: "each connection answers one question, then the other end is gone without a goodbye",
    WireFault.ONE_CLIENT: "one connection is served; each further one is reset at once",
    WireFault.WRONG_UNIT: "Modbus: each answer bears the unit id of another device, and other figures",
    WireFault.WRONG_FUNCTION: "Modbus: each answer bears the other reading function, and other figures",
    WireFault.WRONG_TRANSACTION: "Modbus: each answer bears another transaction id, and other figures",
    WireFault.WRONG_PROTOCOL: "Modbus: each answer bears a protocol id that is not Modbus, and other figures",
    WireFault.EXCEPTION_1: "Modbus: illegal function, to every question",
    WireFault.EXCEPTION_2: "Modbus: illegal data address, to every question",
    WireFault.EXCEPTION_3: "Modbus: illegal data value, to every question",
    WireFault.EXCEPTION_4: "Modbus: device failure, to every question",
    WireFault.EXCEPTION_6: "Modbus: device busy, to every question",
    WireFault.EXCEPTION_10: "Modbus: gateway path unavailable, to every question",
    WireFault.EXCEPTION_11: "Modbus: gateway target gives no answer, to every question",
    WireFault.SHORT: "Modbus: each answer has one register less than was asked for",
    WireFault.BAD_COUNT: "Modbus: each answer says it has more bytes than it has",
    WireFault.SWAPPED_WORDS: "Modbus: the two registers of each pair come in the wrong order",
    WireFault.NOT_A_NUMBER: "Modbus: each pair of registers is the float that is no number",
    WireFault.NOT_IMPLEMENTED: "Modbus: each register is 0x8000, SunSpec's word for not implemented",
    WireFault.FROZEN: "Modbus: each question is answered for ever as it was the first time",
}

EXCEPTIONS: dict[WireFault, int] = {
    fault: int(fault.removeprefix("exception-")) for fault in WireFault if "exception-" in fault
}
"""The exception codes of Modbus by their faults."""
OF_MODBUS: frozenset[WireFault] = frozenset(
    fault for fault, text in WIRE_DESCRIPTIONS.items() if text.startswith("Modbus: ")
)
"""What can go wrong only with a wire that carries Modbus."""
