"""How a scan reaches addresses over real sockets: short time-outs, nothing tried twice, every connection closed.

Time-outs are machine seconds; on a local network an answer takes milliseconds.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bitgrid.clock import Clock
from bitgrid.devices.discovery.scan import Reach
from bitgrid.devices.modbus.connection import ModbusConnection
from bitgrid.devices.sockets import http_exchange, tcp_exchange
from bitgrid.devices.transport import Pacing, RegisterReader

CONNECT_S = 0.7
ANSWER_S = 1.5
_CONNECT_DELAY_S = 0.5
"""Some inverters take a moment to answer after a connection, and after the one before was closed."""


def reach(machine: Clock) -> Reach:
    """Real sockets; ``machine`` is the machine's own clock."""
    pacing = Pacing(_CONNECT_DELAY_S, 0.0, lambda seconds: machine.wait(threading.Event(), seconds))

    @contextmanager
    def modbus(host: str, port: int) -> Iterator[Callable[[int], RegisterReader]]:
        connection = ModbusConnection(host, port, ANSWER_S, pacing)
        try:
            yield connection.reader
        finally:
            connection.close()

    return Reach(
        opens=is_open,
        modbus=modbus,
        tcp=lambda host, port: tcp_exchange(host, port, ANSWER_S),
        http=lambda host, port: http_exchange(host, port, ANSWER_S),
    )


def is_open(host: str, port: int) -> bool:
    """Whether somebody listens at a TCP port."""
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError:
        return False
    return True
