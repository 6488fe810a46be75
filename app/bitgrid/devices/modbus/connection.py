"""One Modbus/TCP connection a host, shared by all its units, kept open: many inverters allow only one.

A connection on which anything went wrong is closed, so that a late answer never meets another question.
"""

from __future__ import annotations

import logging
import threading

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.transport import PROMPT, Pacing, RegisterFunction, RegisterReader

# What goes wrong is told by our own errors; pymodbus would tell each of them once more, at every poll.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class ModbusConnection:
    """A connection to a host; it comes back by itself.

    Args:
        host: address or name of the device.
        port: its port.
        timeout_s: for connecting and for each answer, machine seconds.
        pacing: the pauses its devices want.
    """

    def __init__(self, host: str, port: int, timeout_s: float, pacing: Pacing = PROMPT) -> None:
        self._name, self._pacing = f"{host}:{port}", pacing
        self._lock = threading.Lock()
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0)

    def reader(self, unit_id: int) -> RegisterReader:
        """Reads of one unit's registers."""

        def read(address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
            with self._lock:
                return self._read(unit_id, address, count, function)

        return read

    def close(self) -> None:
        """Close; the next read opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _read(self, unit_id: int, address: int, count: int, function: RegisterFunction) -> list[int]:
        where, client = f"{self._name} unit {unit_id}", self._client
        ask = client.read_holding_registers if function == "holding" else client.read_input_registers
        try:
            self._get_ready()
            answer = ask(address, count=count, device_id=unit_id)
        except (ModbusException, OSError) as error:
            self._close()
            reason = "it cannot be reached" if isinstance(error, ConnectionException) else "none came in time"
            raise DeviceSilent(f"{where} gave no answer: {reason}. Look at its power and network.") from error
        except Exception as error:
            self._close()
            raise DeviceNonsense(f"{where} does not speak Modbus: {error!r}") from error
        return self._registers(answer, where, address, count)

    def _get_ready(self) -> None:
        """Connect where there is no connection, and leave the device the time it wants."""
        pause_s = self._pacing.pause_s
        if not self._client.connected:
            if not self._client.connect():  # type: ignore[no-untyped-call]
                raise ConnectionException("no connection")
            pause_s = self._pacing.connect_delay_s
        if pause_s > 0:
            self._pacing.wait(pause_s)

    def _registers(self, answer: ModbusPDU, where: str, address: int, count: int) -> list[int]:
        if answer.isError():
            raise DeviceRefused(f"{where} refused {count} registers at {address}: {answer}")
        if len(answer.registers) != count:
            self._close()
            raise DeviceNonsense(f"{where} sent {len(answer.registers)} registers of {count} at {address}")
        return list(answer.registers)
