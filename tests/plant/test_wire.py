"""Every way in which a wire goes bad, by what a reader gets from a device that echoes its questions."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.plant.errors import PlantError
from bitgrid.plant.listeners import Listener
from bitgrid.plant.wire import GARBAGE, SLOW_MACHINE_S, Wire
from bitgrid.plant.wire_faults import OF_MODBUS, WIRE_DESCRIPTIONS, WireFault
from plant.echo import echo_server

PATIENCE_S, SHORT_S = 2.0, 0.1


class Line:
    """A wire to an echo, and what is wrong with it."""

    def __init__(self) -> None:
        self.wrong: WireFault | None = None
        self.device: Listener
        self.device, port = echo_server()
        self.wire = Wire(
            ("127.0.0.1", 0),
            ("127.0.0.1", port),
            lambda: self.wrong,
            lambda fault, _, answer: answer if fault is None else b"spoiled" * (fault in OF_MODBUS) or answer,
        )
        self.readers: list[socket.socket] = []

    def reader(self) -> socket.socket:
        self.readers.append(socket.create_connection(("127.0.0.1", self.wire.port), PATIENCE_S))
        return self.readers[-1]

    def stop(self) -> None:
        for reader in self.readers:
            reader.close()
        self.wire.stop()
        self.device.stop()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.stop()


def heard(reader: socket.socket, size: int) -> bytes:
    """So many bytes, or those that come before the end."""
    told = b""
    while len(told) < size and (part := reader.recv(size - len(told))):
        told += part
    return told


def ask(reader: socket.socket, question: bytes, size: int | None = None) -> bytes:
    reader.sendall(question)
    return heard(reader, len(question) if size is None else size)


def is_silent(reader: socket.socket) -> bool:
    reader.settimeout(SHORT_S)
    try:
        reader.recv(1)
    except TimeoutError:
        return True
    finally:
        reader.settimeout(PATIENCE_S)
    return False


def test_a_sound_wire_carries_everything_and_ends_with_either_side(line: Line) -> None:
    first, second = line.reader(), line.reader()
    assert [ask(first, b"one"), ask(second, b"two"), ask(first, b"three")] == [b"one", b"two", b"three"]
    first.sendall(b"last")
    first.shutdown(socket.SHUT_WR)
    assert heard(first, 99) == b"last"
    assert line.wire.connections == 2


def test_every_fault_is_described_and_what_the_house_does_with_it_is_written_down() -> None:
    assert set(WIRE_DESCRIPTIONS) == set(WireFault)
    page = (Path(__file__).parents[2] / "docs" / "wire.md").read_text()
    assert [fault for fault in WireFault if f"`{fault}`" not in page] == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (WireFault.SPLIT, b"question"),
        (WireFault.TWICE, b"questionquestion"),
        (WireFault.GARBAGE_BEFORE, GARBAGE + b"question"),
        (WireFault.GARBAGE_INSTEAD, GARBAGE),
        (WireFault.WRONG_UNIT, b"spoiled"),
    ],
)
def test_what_comes_instead_of_an_answer(line: Line, fault: WireFault, told: bytes) -> None:
    reader = line.reader()
    line.wrong = fault
    assert ask(reader, b"question", len(told)) == told
    line.wrong = None
    assert ask(reader, b"again") == b"again"


def test_a_split_answer_comes_in_pieces(line: Line) -> None:
    reader, line.wrong = line.reader(), WireFault.SPLIT
    reader.sendall(bytes(64))
    pieces = []
    while sum(pieces) < 64:
        pieces.append(len(reader.recv(64)))
    assert len(pieces) > 1


def test_a_slow_answer_is_held_back(line: Line) -> None:
    reader, line.wrong = line.reader(), WireFault.SLOW
    reader.sendall(b"question")
    assert is_silent(reader)
    assert SHORT_S < SLOW_MACHINE_S < PATIENCE_S
    assert heard(reader, 8) == b"question"


def test_a_late_answer_comes_with_the_next_question_even_on_a_new_connection(line: Line) -> None:
    first, line.wrong = line.reader(), WireFault.LATE
    first.sendall(b"first")
    assert is_silent(first)
    second = line.reader()
    assert ask(second, b"second", 5) == b"first"
    assert is_silent(second)
    line.wrong = None
    assert ask(second, b"third", 11) == b"secondthird"


def test_a_cut_answer_ends_half_way(line: Line) -> None:
    reader, line.wrong = line.reader(), WireFault.CUT
    assert ask(reader, b"question", 99) == b"ques"


def test_a_reset_is_no_goodbye(line: Line) -> None:
    reader, line.wrong = line.reader(), WireFault.RESET
    with pytest.raises(ConnectionResetError):
        ask(reader, b"question")


def test_a_mute_connection_stays_so_and_a_new_one_is_sound_afterwards(line: Line) -> None:
    reader, line.wrong = line.reader(), WireFault.MUTE
    reader.sendall(b"question")
    assert is_silent(reader)
    line.wrong = None
    reader.sendall(b"question")
    assert is_silent(reader)
    assert ask(line.reader(), b"question") == b"question"


def test_a_device_that_vanishes_answers_once_a_connection(line: Line) -> None:
    reader, line.wrong = line.reader(), WireFault.VANISHED
    assert ask(reader, b"question") == b"question"
    reader.sendall(b"question")
    assert is_silent(reader)
    assert ask(line.reader(), b"question") == b"question"


def test_a_device_with_one_client_resets_the_second_until_the_first_has_left(line: Line) -> None:
    first, line.wrong = line.reader(), WireFault.ONE_CLIENT
    assert ask(first, b"question") == b"question"
    with pytest.raises(ConnectionError):
        ask(line.reader(), b"question") or _broken()
    assert ask(first, b"again") == b"again"
    first.shutdown(socket.SHUT_WR)
    assert heard(first, 1) == b""
    assert ask(line.reader(), b"question") == b"question"


def _broken() -> None:
    raise ConnectionError("ended without an answer")


def test_a_port_that_is_taken_is_told(line: Line) -> None:
    with pytest.raises(PlantError, match="taken"):
        Wire(("127.0.0.1", line.wire.port), ("127.0.0.1", 1), lambda: None)
