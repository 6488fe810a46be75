"""Scans the home's network when a person asks for it on the page, one scan at a time, and tells how far it is."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any

from bitgrid.bus import Bus, CommandReply, Received, ScanReport, ScanRequest, Topics, decode
from bitgrid.config import Config
from bitgrid.devices.discovery.found import Found
from bitgrid.devices.discovery.scan import Ports
from bitgrid.devices.discovery.targets import BadTarget, hosts_of

log = logging.getLogger(__name__)

TELL_EVERY = 16
"""Addresses from one report to the next."""

Run = Callable[[list[str]], Iterable[list[Found]]]
"""Asks addresses; what was found at each, in the order in which they are done."""
Entries = Callable[[Sequence[Found]], Mapping[Found, dict[str, Any]]]
"""The entries of site.yaml for what was found and measures."""


class Scanner:
    """Hears requests to scan.

    Args:
        bus: where answers and reports go.
        topics: how they are called.
        subnets: the home's own, where a request names no address.
        run: asks addresses.
        entries: what to write into site.yaml of what was found.
        is_open: whether scanning is allowed now.
        start: does the scanning where it holds up nothing else.
    """

    def __init__(  # noqa: PLR0913  a way in, a way out, and all that a scan consists of, by name
        self,
        bus: Bus,
        topics: Topics,
        *,
        subnets: Callable[[], Sequence[str]],
        run: Run,
        entries: Entries,
        is_open: Callable[[], bool],
        start: Callable[[Callable[[], None]], None] = lambda work: threading.Thread(
            target=work, name="scan", daemon=True
        ).start(),
    ) -> None:
        self._bus, self._topics, self._is_open = bus, topics, is_open
        self._subnets, self._run, self._entries, self._start = subnets, run, entries, start
        self._one = threading.Lock()

    def on_request(self, received: Received) -> None:
        """A person's wish to scan."""
        request = decode(ScanRequest, received.payload)
        if request is None or received.retained:
            return
        if not self._is_open():
            self._answer(request, "NOT_FIRST_RUN", "devices are searched for only while the house is set up")
            return
        try:
            hosts = hosts_of(request.targets or self._subnets())
        except BadTarget as error:
            self._answer(request, "BAD_TARGET", str(error))
            return
        if not hosts:
            self._answer(request, "NO_SUBNET", "this computer is in no private network; name one: 192.168.1.0/24")
        elif not self._one.acquire(blocking=False):
            self._answer(request, "BUSY", "a scan is under way already")
        else:
            self._answer(request, "SCANNING", f"{len(hosts)} addresses are asked", accepted=True)
            self._start(lambda: self._scan(request.request_id, hosts))

    def _scan(self, request_id: str, hosts: list[str]) -> None:
        found: list[Found] = []
        try:
            for asked, at_host in enumerate(self._run(hosts), 1):
                found += at_host
                if at_host or asked % TELL_EVERY == 0:
                    self._tell(request_id, asked, len(hosts), found)
            self._tell(request_id, len(hosts), len(hosts), found, is_over=True)
        except Exception as error:  # the page must not wait for ever for what has failed
            log.exception("a scan failed")
            report = ScanReport(request_id=request_id, is_over=True, problem=f"{type(error).__name__}: {error}")
            self._bus.publish(self._topics.scanned, report)
        finally:
            self._one.release()

    def _tell(self, request_id: str, asked: int, of: int, found: list[Found], *, is_over: bool = False) -> None:
        found.sort(key=lambda one: (IPv4Address(one.host), one.port))
        entries = self._entries(found)
        told = [_told(one, entries.get(one)) for one in found]
        report = ScanReport(request_id=request_id, asked=asked, of=of, is_over=is_over, found=tuple(told))
        self._bus.publish(self._topics.scanned, report)

    def _answer(self, request: ScanRequest, code: str, text: str, *, accepted: bool = False) -> None:
        reply = CommandReply(request_id=request.request_id, accepted=accepted, code=code, text=text)
        self._bus.publish(self._topics.reply, reply)


def ports_of(config: Config) -> Ports:
    """The ports that a site names, by what is spoken there."""
    modbus, miner, http = set[int](), set[int](), set[int]()
    for device in config.site.devices:
        profile = config.profiles.get(device.profile or "")
        if device.host is not None:
            (http if profile is not None and profile.transport == "http" else modbus).add(device.place[1])
    for load in config.site.loads:
        if load.miner:
            (http if load.miner.driver in {"axeos", "braiins"} else miner).add(load.miner.port)
        if load.relay:
            http.add(load.relay.port)
    return Ports(tuple(sorted(modbus)), tuple(sorted(miner)), tuple(sorted(http)))


def _told(found: Found, entry: dict[str, Any] | None) -> dict[str, Any]:
    told = {name: value for name, value in dataclasses.asdict(found).items() if name != "device"}
    guess = found.device.guess if found.device is not None else ""
    return told | ({} if entry is None else {"device": entry, "guess": guess})
