"""Modbus/TCP servers in front of register faces: one a place, a device a unit id, on one thread's loop.

Each listens at a port of its own choosing on loopback; a wire leads to it from the place in site.yaml.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from bitgrid.devices.transport import RegisterFunction
from bitgrid.plant.faces.house import RegistersFace
from bitgrid.plant.faces.registers import Span

Address = tuple[str, int]
Spans = Callable[[], list[Span]]
START_TIMEOUT_S = 10.0
_TURNS = 5
logging.getLogger("pymodbus").setLevel(logging.WARNING)

_FUNCTIONS: dict[RegisterFunction, int] = {"holding": 3, "input": 4}
_NO_BIT = SimData(0, values=[False], datatype=DataType.BITS)
_NO_REGISTER = SimData(65_535, datatype=DataType.INVALID)
_UNIT_ID_AT = 6  # in a Modbus/TCP frame: transaction, protocol and length stand before it


class ModbusServers:
    """All Modbus devices of the house.

    Args:
        faces: the devices at each address, by unit id.
        now: makes a call answer from the present moment.
    """

    def __init__(self, faces: dict[Address, dict[int, RegistersFace]], now: Callable[[Spans], Spans]) -> None:
        self.ports: dict[Address, int] = {}
        self._faces, self._now = faces, now
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="modbus", daemon=True)

    def start(self) -> None:
        """Listen for every address, at the ports that ``ports`` then names."""
        self._thread.start()
        self._started.result(START_TIMEOUT_S)

    def stop(self) -> None:
        """Close every server."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join(START_TIMEOUT_S)
        if not self._loop.is_running():
            self._loop.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:  # noqa: BLE001  whatever it is, it is raised where `start` waits
            self._started.set_exception(error)

    async def _serve(self) -> None:
        servers: list[ModbusTcpServer] = []
        try:
            for address, units in self._faces.items():
                server = await self._open(units)
                servers.append(server)
                self.ports[address] = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # pymodbus declares none
            self._started.set_result(None)
            await self._ending.wait()
        finally:
            for server in servers:
                await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus's, without types
            await _end_requests()

    async def _open(self, units: dict[int, RegistersFace]) -> ModbusTcpServer:
        devices = [self._device(unit, face) for unit, face in units.items()]

        def drop_answers_of_silent_devices(sending: bool, packet: bytes) -> bytes:
            face = units.get(packet[_UNIT_ID_AT]) if sending and len(packet) > _UNIT_ID_AT else None
            return b"" if face is not None and face.is_silent else packet

        server = ModbusTcpServer(devices, address=("127.0.0.1", 0), trace_packet=drop_answers_of_silent_devices)
        await server.serve_forever(background=True)
        return server

    def _device(self, unit: int, face: RegistersFace) -> SimDevice:
        spans = self._now(face.spans)

        async def refresh(
            function: int, start: int, _address: int, _count: int, registers: list[int], written: object
        ) -> ExcCodes | None:
            if written is not None:
                return ExcCodes.ILLEGAL_FUNCTION
            for span in spans():
                if _FUNCTIONS[span.function] == function:
                    begin = span.address - start
                    registers[begin : begin + len(span.words)] = span.words
            return None

        first = spans()
        blocks = ([_NO_BIT], [_NO_BIT], _registers(first, "holding"), _registers(first, "input"))
        return SimDevice(id=unit, simdata=blocks, action=refresh)


async def _end_requests() -> None:
    """End what is being answered still; pymodbus takes two turns of the loop to make a task of a request."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _registers(spans: list[Span], function: RegisterFunction) -> list[SimData]:
    """What pymodbus wants to know of a function's registers: where they are, never none."""
    found = [
        SimData(span.address, values=span.words, datatype=DataType.REGISTERS)
        for span in spans
        if span.function == function
    ]
    return found or [_NO_REGISTER]
