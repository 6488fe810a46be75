"""The wire between a device and its reader: a TCP port in front of another, which can go bad in many ways.

It knows no protocol: what it breaks are bytes, pieces and connections. What one protocol can say wrongly is handed
in as a `Spoil`. May touch: the port it is given, and the one behind it.
"""

from __future__ import annotations

import select
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bitgrid.plant.errors import taken
from bitgrid.plant.listeners import Listener
from bitgrid.plant.wire_faults import WireFault

SLOW_MACHINE_S = 0.3
"""How long a slow answer is held back: within every time-out, which is half a second of the machine at least."""
PIECE_MACHINE_S = 0.001
GARBAGE = b"\x55\xaa\x00\xff garbage \r\n\r\n\x7f{]"
_POLL_S, _CONNECT_S, _CHUNK = 0.5, 2.0, 65_536
_RESET = struct.pack("ii", 1, 0)

Spoil = Callable[[WireFault | None, bytes, bytes], bytes]
"""What comes instead of an answer, from the fault, if any, the question and the answer."""
Wrong = Callable[[], WireFault | None]


def honest(_fault: WireFault | None, _question: bytes, answer: bytes) -> bytes:
    """Leave the answer as it is: there is nothing in this protocol to say wrongly."""
    return answer


@dataclass(eq=False)
class Passage:
    """One connection through a wire: the reader's end, and the device's."""

    reader: socket.socket
    device: socket.socket
    question: bytes = b""
    is_deaf: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def say(self, data: bytes) -> None:
        """Hand something to the reader."""
        self.reader.sendall(data)

    def say_slowly(self, data: bytes, pause_s: float, piece: int) -> None:
        """The same in pieces, each after a pause."""
        for begin in range(0, len(data), piece):
            self.done.wait(pause_s)
            self.say(data[begin : begin + piece])


class Wire:
    """A port in front of a device's.

    Args:
        place: host and port at which readers find it.
        device: host and port of the device itself.
        wrong: what is wrong with it now.
        spoil: how the device's protocol is spoken wrongly.

    Raises:
        PlantError: the port is taken.
    """

    def __init__(
        self, place: tuple[str, int], device: tuple[str, int], wrong: Wrong, spoil: Spoil = honest
    ) -> None:
        self._device, self._wrong, self._spoil = device, wrong, spoil
        self._late: list[bytes] = []
        self._open: set[Passage] = set()
        self._lock = threading.Lock()
        self.connections = 0
        try:
            server = _Server(place, _Handler)
        except OSError:
            raise taken(*place) from None
        server.wire = self
        self.port: int = server.server_address[1]
        self._listener = Listener(server)

    def stop(self) -> None:
        """Close the port and every connection through it."""
        self._listener.stop()
        with self._lock:
            for passage in self._open:
                passage.done.set()
                for end in (passage.reader, passage.device):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def carry(self, reader: socket.socket) -> None:
        """Carry one connection to its end."""
        self.connections += 1
        with suppress(OSError), self._passage(reader) as passage:
            if self._wrong() is WireFault.ONE_CLIENT and len(self._open) > 1:
                _reset(reader)
                return
            ends = [passage.reader, passage.device]
            while ends:
                ready, _, _ = select.select(ends, [], [], _POLL_S)
                for end in ready:
                    data = end.recv(_CHUNK)
                    if end is passage.device:
                        if not data:
                            return
                        self._answer(passage, data)
                    elif data:
                        self._ask(passage, data)
                    else:
                        ends.remove(passage.reader)
                        passage.device.shutdown(socket.SHUT_WR)

    @contextmanager
    def _passage(self, reader: socket.socket) -> Iterator[Passage]:
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with socket.create_connection(self._device, _CONNECT_S) as device:
            passage = Passage(reader, device)
            with self._lock:
                self._open.add(passage)
            try:
                yield passage
            finally:
                with self._lock:
                    self._open.discard(passage)

    def _ask(self, passage: Passage, question: bytes) -> None:
        with self._lock:
            late, self._late = self._late, []
        for answer in late:
            passage.say(answer)
        wrong = self._wrong()
        dies = wrong is WireFault.MUTE or (wrong is WireFault.VANISHED and bool(passage.question))
        passage.question, passage.is_deaf = question, passage.is_deaf or dies
        if not passage.is_deaf:
            passage.device.sendall(question)

    def _answer(self, passage: Passage, answer: bytes) -> None:
        """Hand the device's answer over, as well as the wire lets it."""
        match self._wrong():
            case WireFault.LATE:
                with self._lock:
                    self._late.append(answer)
            case WireFault.SPLIT:
                passage.say_slowly(answer, PIECE_MACHINE_S, 1)
            case WireFault.SLOW:
                passage.say_slowly(answer, SLOW_MACHINE_S, len(answer))
            case WireFault.TWICE:
                passage.say(answer + answer)
            case WireFault.GARBAGE_BEFORE:
                passage.say(GARBAGE + answer)
            case WireFault.GARBAGE_INSTEAD:
                passage.say(GARBAGE)
            case WireFault.CUT:
                passage.say(answer[: len(answer) // 2])
                raise ConnectionAbortedError
            case WireFault.RESET:
                _reset(passage.reader)
                raise ConnectionAbortedError
            case fault:
                passage.say(self._spoil(fault, passage.question, answer))


def _reset(end: socket.socket) -> None:
    """Have its closing reset the connection instead of ending it."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 32
    wire: Wire

    def __init__(self, place: tuple[str, int], handler: type[socketserver.BaseRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        super().__init__(place, handler)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close; a connection that is to be reset is not said goodbye to first."""
        assert isinstance(request, socket.socket)  # noqa: S101  of a TCP server it is
        request.close()


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.wire.carry(self.request)
