"""The shared Modbus connection against a real Modbus server, and against ends that are none."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

import pytest

from bitgrid.clock import SystemClock
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.modbus.connection import ModbusConnection
from bitgrid.devices.transport import Pacing
from devices.peers import Behaviour, dripping, flooding, mute, peer, resetting, saying

TIMEOUT_S, AT_MOST_S = 0.25, 1.5
Answer = Callable[[int, int, int, int], bytes]
"""From transaction, unit, address and count to a whole frame."""


def frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def registers(transaction: int, unit: int, address: int, count: int) -> bytes:
    """Each register tells its own address, plus a thousand times its unit."""
    values = [1000 * unit + address + place for place in range(count)]
    return frame(transaction, unit, struct.pack(f">BB{count}H", 3, 2 * count, *values))


def modbus(answer: Answer = registers, questions: int = 1000) -> Behaviour:
    """A Modbus server for one connection, which closes it after so many questions."""

    def behave(connection: socket.socket, _done: threading.Event) -> None:
        for _ in range(questions):
            asked = connection.recv(12)
            if len(asked) < 12:
                return
            transaction, _protocol, _length, unit, _function, address, count = struct.unpack(">HHHBBHH", asked)
            connection.sendall(answer(transaction, unit, address, count))

    return behave


def read(behaviour: Behaviour) -> list[int]:
    with peer(behaviour) as port:
        connection = ModbusConnection("127.0.0.1", port, TIMEOUT_S)
        try:
            return connection.reader(1)(10, 2)
        finally:
            connection.close()


def test_registers_are_read() -> None:
    assert read(modbus()) == [1010, 1011]


def test_all_units_share_one_connection_which_stays_open() -> None:
    unwanted: Behaviour = saying(b"a second connection was opened")
    with peer(modbus(), unwanted) as port:
        connection = ModbusConnection("127.0.0.1", port, TIMEOUT_S)
        first, second = connection.reader(1), connection.reader(2)
        assert [first(10, 1), second(10, 1), first(11, 1)] == [[1010], [2010], [1011]]
        connection.close()


def test_threads_that_read_at_once_get_their_own_answers() -> None:
    with peer(modbus()) as port:
        connection = ModbusConnection("127.0.0.1", port, 2.0)
        told: dict[int, list[list[int]]] = {}

        def ask(unit: int) -> None:
            told[unit] = [connection.reader(unit)(address, 1) for address in range(20)]

        threads = [threading.Thread(target=ask, args=(unit,)) for unit in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection.close()
    assert told == {unit: [[1000 * unit + address] for address in range(20)] for unit in (1, 2, 3)}


def test_a_modbus_exception_is_a_refusal() -> None:
    with pytest.raises(DeviceRefused, match="refused 2 holding registers at 10: it has no such registers"):
        read(modbus(lambda transaction, unit, _address, _count: frame(transaction, unit, b"\x83\x02")))


def test_too_few_registers_are_nonsense() -> None:
    with pytest.raises(DeviceNonsense, match="sent 1 registers of 2 holding"):
        read(modbus(lambda transaction, unit, address, _count: registers(transaction, unit, address, 1)))


@pytest.mark.parametrize(
    "behaviour",
    [
        mute,
        resetting,
        saying(b""),
        saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        saying(b"\0" * 300),
        saying(b"\0\1\0\0\0\3\1\3"),
        dripping(b"", b"x"),
        flooding(b""),
        modbus(lambda transaction, unit, address, count: registers(transaction + 1, unit, address, count)),
        modbus(lambda transaction, _unit, address, count: registers(transaction, 9, address, count)),
    ],
)
def test_whatever_the_other_side_does_a_read_ends_in_time(behaviour: Behaviour) -> None:
    began = SystemClock().boot()
    with pytest.raises(DeviceError):
        read(behaviour)
    assert SystemClock().boot() - began < AT_MOST_S


def test_where_nobody_listens_there_is_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeviceSilent, match="cannot be reached"):
        ModbusConnection("127.0.0.1", port, TIMEOUT_S).reader(1)(0, 1)


def test_after_silence_the_connection_comes_back_and_a_late_answer_is_never_taken() -> None:
    with peer(mute_then_late, modbus()) as port:
        connection = ModbusConnection("127.0.0.1", port, TIMEOUT_S)
        with pytest.raises(DeviceSilent, match="none came in time"):
            connection.reader(1)(10, 1)
        assert connection.reader(1)(20, 1) == [1020]
        connection.close()


def mute_then_late(connection: socket.socket, _done: threading.Event) -> None:
    """Answer only once the asker has given up."""
    connection.recv(12)
    assert connection.recv(1) == b""
    connection.sendall(registers(1, 1, 10, 1))


def test_a_server_that_closes_after_each_answer_is_read_again_by_a_new_connection() -> None:
    with peer(modbus(questions=1)) as port:
        connection = ModbusConnection("127.0.0.1", port, TIMEOUT_S)
        answers: list[object] = []
        for address in range(4):
            try:
                answers.append(connection.reader(1)(address, 1))
            except DeviceSilent:
                answers.append("silent")
        connection.close()
    assert answers == [[1000], "silent", [1002], "silent"]


def test_a_device_gets_its_pause_after_connecting_and_before_each_further_request() -> None:
    waited: list[float] = []
    with peer(modbus(questions=2), modbus()) as port:
        connection = ModbusConnection("127.0.0.1", port, TIMEOUT_S, Pacing(1.0, 0.05, waited.append))
        read = connection.reader(1)
        read(10, 2)
        read(20, 2)
        assert waited == [1.0, 0.05]
        connection.close()
        read(10, 2)
        assert waited == [1.0, 0.05, 1.0]
        connection.close()


def test_nobody_waits_for_a_device_that_wants_no_pause() -> None:
    waited: list[float] = []
    with peer(modbus()) as port:
        connection = ModbusConnection("127.0.0.1", port, TIMEOUT_S, Pacing(wait=waited.append))
        connection.reader(1)(10, 2)
        connection.close()
    assert waited == []


def test_a_connection_that_is_refused_is_silence() -> None:
    with peer(modbus()) as port:
        pass
    with pytest.raises(DeviceSilent, match="it cannot be reached"):
        ModbusConnection("127.0.0.1", port, TIMEOUT_S, Pacing(1.0)).reader(1)(10, 2)
