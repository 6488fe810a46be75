"""A Modbus reader as it must not be: it believes the next bytes that come, whosever they are."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.transport import RegisterFunction, RegisterReader

TIMEOUT_S = 0.2
HEADER = 9


def naive_reader(port: int) -> tuple[RegisterReader, Callable[[], None]]:
    """Ask unit 1, and take what comes; keep the connection whatever happens."""
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)

    def read(address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        code = 3 if function == "holding" else 4
        connection.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, code, address, count))
        try:
            frame = connection.recv(HEADER + 2 * count)
        except TimeoutError:
            raise DeviceSilent("nothing came") from None
        return list(struct.unpack_from(f">{frame[HEADER - 1] // 2}H", frame, HEADER))

    return read, connection.close
