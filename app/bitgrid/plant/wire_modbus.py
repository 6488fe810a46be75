"""Modbus/TCP spoken wrongly, frame by frame.

A frame: transaction, protocol and length in two bytes each, unit id, function; then in a question address and
count, in an answer the number of bytes and the registers (MODBUS Messaging on TCP/IP Implementation Guide
V1.0b, 3.1.3).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from bitgrid.plant.wire_faults import EXCEPTIONS, WireFault

_HEADER = ">HHHBB"
_SIZE = struct.calcsize(_HEADER)
_NAN, _NOT_IMPLEMENTED = [0x7FC0, 0], 0x8000
_READ_HOLDING, _READ_INPUT = 3, 4
_ERROR = 0x80
_OTHER = {_READ_HOLDING: _READ_INPUT, _READ_INPUT: _READ_HOLDING}


class ModbusSpoil:
    """Turns honest answers into wrong ones: a `Spoil`. It remembers first answers, so each wire has its own."""

    def __init__(self) -> None:
        self._first: dict[bytes, bytes] = {}

    def __call__(self, fault: WireFault | None, question: bytes, answer: bytes) -> bytes:
        """What comes instead of an answer."""
        if fault is WireFault.FROZEN:
            return self._frozen(question, answer)
        self._first.clear()
        if fault is None or len(answer) <= _SIZE:
            return answer
        if fault in EXCEPTIONS:
            return _frame(answer, function=answer[_SIZE - 1] | _ERROR, data=bytes([EXCEPTIONS[fault]]))
        if answer[_SIZE - 1] in _OTHER and fault in _WORDS:
            answer = _registers(answer, _WORDS[fault])
        return _HEADERS[fault](answer) if fault in _HEADERS else answer

    def _frozen(self, question: bytes, answer: bytes) -> bytes:
        """The first answer to the same question, with the transaction of this one."""
        return answer[:2] + self._first.setdefault(question[2:], answer[2:])


def _frame(answer: bytes, *, function: int, data: bytes) -> bytes:
    transaction, protocol, _length, unit, _function = struct.unpack_from(_HEADER, answer)
    return struct.pack(_HEADER, transaction, protocol, len(data) + 2, unit, function) + data


def _registers(answer: bytes, change: Callable[[list[int]], list[int]]) -> bytes:
    data = answer[_SIZE + 1 :]
    words = change(list(struct.unpack(f">{len(data) // 2}H", data)))
    return _frame(answer, function=answer[_SIZE - 1], data=struct.pack(f">B{len(words)}H", 2 * len(words), *words))


def _with_byte(place: int, change: Callable[[int], int]) -> Callable[[bytes], bytes]:
    def changed(answer: bytes) -> bytes:
        return answer[:place] + bytes([change(answer[place])]) + answer[place + 1 :]

    return changed


def _is_refusal(answer: bytes) -> bool:
    """Whether an exception code stands where other answers count their bytes."""
    return bool(answer[_SIZE - 1] & _ERROR)


def _swapped(words: list[int]) -> list[int]:
    pairs = len(words) // 2 * 2
    return [words[place ^ 1] for place in range(pairs)] + words[pairs:]


def _foreign(words: list[int]) -> list[int]:
    """Figures as another device, or another moment, might have them."""
    return [word ^ 1 for word in words]


_with_more_bytes = _with_byte(8, lambda count: min(255, count + 2))
_HEADERS: dict[WireFault, Callable[[bytes], bytes]] = {
    WireFault.WRONG_TRANSACTION: _with_byte(1, lambda low: low ^ 1),
    WireFault.WRONG_PROTOCOL: _with_byte(3, lambda _: 1),
    WireFault.WRONG_UNIT: _with_byte(6, lambda unit: unit ^ 1),
    WireFault.WRONG_FUNCTION: _with_byte(7, lambda function: _OTHER.get(function, function)),
    WireFault.BAD_COUNT: lambda answer: answer if _is_refusal(answer) else _with_more_bytes(answer),
}
_WORDS: dict[WireFault, Callable[[list[int]], list[int]]] = {
    WireFault.WRONG_TRANSACTION: _foreign,
    WireFault.WRONG_PROTOCOL: _foreign,
    WireFault.WRONG_UNIT: _foreign,
    WireFault.WRONG_FUNCTION: _foreign,
    WireFault.SHORT: lambda words: words[:-1],
    WireFault.SWAPPED_WORDS: _swapped,
    WireFault.NOT_A_NUMBER: lambda words: (_NAN * len(words))[: len(words)],
    WireFault.NOT_IMPLEMENTED: lambda words: [_NOT_IMPLEMENTED] * len(words),
}
