"""One Modbus/TCP connection a host, shared by all its units, kept open: many inverters allow only one.

A connection on which anything went wrong is closed, so that a late answer never meets another question.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from bitgrid.devices.errors import DeviceBusy, DeviceError, DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.transport import PROMPT, Pacing, RegisterFunction, RegisterReader

# What goes wrong is told by our own errors; pymodbus would tell each of them once more, at every poll.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

_FUNCTIONS: dict[RegisterFunction, int] = {"holding": 3, "input": 4}
_ERROR = 0x80
_TOLD_BYTES = 12
_LACKING = {
    1: "it does not know the function",
    2: "it has no such registers",
    3: "it does not take such a request",
}
"""Exception codes that say what a device has, as in the Modbus Application Protocol V1.1b3, chapter 7."""
_PASSING = {
    4: "it failed at it",
    5: "it needs longer for it",
    6: "it is busy",
    8: "its memory is faulty",
    10: "the gateway has no way to it: look at the gateway's settings, and at unit_id",
    11: "the gateway got no answer from it: look at its power, its cable and at unit_id",
}
"""Those that say how it is just now. A list of models does not end here, it is only cut off."""


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
        self._came = b""
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0, trace_packet=self._watch)

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

    def _watch(self, sending: bool, packet: bytes) -> bytes:
        """Keep what comes in answer to a question, to tell a device that answers wrongly from a silent one."""
        self._came = b"" if sending else packet
        return packet

    def _close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]  # pymodbus's, without types

    def _read(self, unit_id: int, address: int, count: int, function: RegisterFunction) -> list[int]:
        where, client = f"{self._name} unit {unit_id}", self._client
        ask = client.read_holding_registers if function == "holding" else client.read_input_registers
        self._came = b""
        try:
            self._get_ready()
            answer = ask(address, count=count, device_id=unit_id)
        except (ModbusException, OSError) as error:
            self._close()
            raise self._no_answer(where, is_out_of_reach=isinstance(error, ConnectionException)) from error
        except Exception as error:  # pymodbus stumbles over bytes it cannot decode in many ways
            self._close()
            raise DeviceNonsense(f"{where} does not speak Modbus: {error!r}") from error
        return self._registers(answer, where, Asked(address, count, function))

    def _no_answer(self, where: str, *, is_out_of_reach: bool) -> DeviceError:
        if self._came:
            came = self._came[:_TOLD_BYTES].hex(" ")
            return DeviceNonsense(
                f"{where} gave no answer that fits the question in time; what came begins with {came}. "
                "Is unit_id right, is it Modbus/TCP, does a gateway mix up its readers?"
            )
        reason = "it cannot be reached" if is_out_of_reach else "none came in time"
        return DeviceSilent(f"{where} gave no answer: {reason}. Look at its power and network.")

    def _get_ready(self) -> None:
        """Connect where there is no connection, and leave the device the time it wants."""
        pause_s = self._pacing.pause_s
        if not self._client.connected:
            if not self._client.connect():  # type: ignore[no-untyped-call]  # pymodbus's, without types
                raise ConnectionException("no connection")
            pause_s = self._pacing.connect_delay_s
        if pause_s > 0:
            self._pacing.wait(pause_s)

    def _registers(self, answer: ModbusPDU, where: str, asked: Asked) -> list[int]:
        if answer.function_code & ~_ERROR != _FUNCTIONS[asked.function]:
            self._close()
            raise DeviceNonsense(f"{where} answered with function {answer.function_code} when asked for {asked}")
        if answer.isError():
            raise _refusal(f"{where} refused {asked}", answer.exception_code)
        if len(answer.registers) != asked.count:
            self._close()
            raise DeviceNonsense(f"{where} sent {len(answer.registers)} registers of {asked}")
        return list(answer.registers)


@dataclass(frozen=True)
class Asked:
    """A question, in words."""

    address: int
    count: int
    function: RegisterFunction

    def __str__(self) -> str:
        return f"{self.count} {self.function} registers at {self.address}"


def _refusal(what: str, code: int) -> DeviceError:
    if code in _LACKING:
        return DeviceRefused(f"{what}: {_LACKING[code]} (Modbus exception {code})")
    return DeviceBusy(f"{what}: {_PASSING.get(code, 'it does not say why')} (Modbus exception {code})")
