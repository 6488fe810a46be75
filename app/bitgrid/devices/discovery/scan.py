"""A scan: many addresses side by side, each asked by one thread, one request at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bitgrid.devices.discovery import http_probe, miner_probe, modbus_probe
from bitgrid.devices.discovery.found import Found
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.transport import ByteExchange, HttpExchange, RegisterReader

AT_ONCE = 64


@dataclass(frozen=True)
class Ports:
    """Where what is asked for usually listens."""

    modbus: tuple[int, ...] = (502, 1502)
    miner: tuple[int, ...] = (4028,)
    http: tuple[int, ...] = (80,)


@dataclass(frozen=True)
class Reach:
    """How addresses are reached, each by host and port.

    Args:
        opens: whether somebody listens there.
        modbus: a connection, closed at the end, which gives a reader by unit id.
        tcp: the cgminer API.
        http: everything else.
    """

    opens: Callable[[str, int], bool]
    modbus: Callable[[str, int], AbstractContextManager[Callable[[int], RegisterReader]]]
    tcp: Callable[[str, int], ByteExchange]
    http: Callable[[str, int], HttpExchange]


class Scan:
    """Asks addresses what they are.

    Args:
        ports: which of their ports.
        reach: how they are reached.
    """

    def __init__(self, ports: Ports, reach: Reach) -> None:
        self._ports, self._reach = ports, reach

    def run(self, hosts: Iterable[str]) -> Iterator[list[Found]]:
        """What was found at each host, a list a host, in the order in which they are done."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="scan") as pool:
            done = [pool.submit(self.look, host) for host in hosts]
            try:
                for one in as_completed(done):
                    yield one.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def look(self, host: str) -> list[Found]:
        """What is at one address; protocol after protocol, so that it has one connection at a time."""
        return [*self._modbus(host), *self._miners(host), *self._http(host)]

    def _modbus(self, host: str) -> Iterator[Found]:
        for port in self._open(host, self._ports.modbus):
            with self._reach.modbus(host, port) as reader:
                yield from _as_far_as(modbus_probe.look(host, port, reader))

    def _miners(self, host: str) -> Iterator[Found]:
        for port in self._open(host, self._ports.miner):
            yield from _as_far_as(miner_probe.look(host, port, self._reach.tcp(host, port)))

    def _http(self, host: str) -> Iterator[Found]:
        for port in self._open(host, self._ports.http):
            yield from _as_far_as(http_probe.look(host, port, self._reach.http(host, port)))

    def _open(self, host: str, ports: Iterable[int]) -> Iterator[int]:
        return (port for port in ports if self._reach.opens(host, port))


def _as_far_as(found: Iterator[Found]) -> Iterator[Found]:
    """As many as come: a device that falls silent half-way ends only its own list."""
    try:
        yield from found
    except DeviceError:
        return
