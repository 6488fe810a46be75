"""A scan that is asked for on the page: one at a time, its progress told, only while the house is set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bitgrid.bus import CommandReply, Received, ScanReport, ScanRequest, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.devices.discovery.found import AsDevice, Found
from bitgrid.devices.discovery.scanner import TELL_EVERY, Scanner
from bitgrid.ops.proposal import devices_of

TOPICS = Topics("home")
METER = Found("Meter X", "192.168.1.9", 502, device=AsDevice(("grid_power_w",), guess="its place"))
MINER = Found("Avalon", "192.168.1.5", 4028, miner="avalon")


class Lan:
    """The home's network as a scan finds it."""

    def __init__(self, *, subnets: list[str] | None = None) -> None:
        self.bus, self.is_open = MemoryBus(), True
        self.found: dict[str, list[Found]] = {"192.168.1.9": [METER], "192.168.1.5": [MINER]}
        self.asked: list[list[str]] = []
        self.waiting: list[Callable[[], None]] = []
        self.replies: list[CommandReply] = []
        self.reports: list[ScanReport] = []
        self.fault: Exception | None = None
        self.bus.subscribe(TOPICS.reply, self._on_reply)
        self.bus.subscribe(TOPICS.scanned, self._on_report)
        self.scanner = Scanner(
            self.bus,
            TOPICS,
            subnets=lambda: ["192.168.1.0/24"] if subnets is None else subnets,
            run=self._run,
            entries=devices_of,
            is_open=lambda: self.is_open,
            start=self.waiting.append,
        )

    def _run(self, hosts: list[str]) -> Iterator[list[Found]]:
        self.asked.append(hosts)
        if self.fault is not None:
            raise self.fault
        return (self.found.get(host, []) for host in hosts)

    def _on_reply(self, received: Received) -> None:
        reply = decode(CommandReply, received.payload)
        assert reply is not None
        self.replies.append(reply)

    def _on_report(self, received: Received) -> None:
        report = decode(ScanReport, received.payload)
        assert report is not None
        self.reports.append(report)

    def ask(self, *targets: str) -> str:
        request = ScanRequest(request_id="1", targets=targets, actor="anna")
        self.scanner.on_request(Received(TOPICS.scan, request.encode(), retained=False))
        return self.replies[-1].code

    def work(self) -> None:
        self.waiting.pop()()


def test_the_homes_own_network_is_asked_and_what_is_found_told_as_it_comes() -> None:
    lan = Lan()
    assert lan.ask() == "SCANNING"
    lan.work()
    assert len(lan.asked[0]) == 254
    first, *_, last = lan.reports
    assert (first.asked, first.of, first.is_over) == (5, 254, False)
    assert len(lan.reports) >= 254 // TELL_EVERY
    assert (last.asked, last.is_over) == (254, True)
    miner, meter = last.found
    assert (miner["miner"], miner["host"], "device" in miner) == ("avalon", "192.168.1.5", False)
    assert meter["device"] == {
        "id": "meter",
        "kind": "sunspec",
        "host": "192.168.1.9",
        "port": 502,
        "signals": ["grid_power_w"],
    }
    assert meter["guess"] == "its place"


def test_only_what_is_named_is_asked() -> None:
    lan = Lan()
    assert lan.ask("192.168.1.5") == "SCANNING"
    lan.work()
    assert lan.asked == [["192.168.1.5"]]


@pytest.mark.parametrize("target", ["8.8.8.8", "192.168.0.0/16", "router", "::1"])
def test_nothing_beyond_the_home_is_asked(target: str) -> None:
    lan = Lan()
    assert lan.ask(target) == "BAD_TARGET"
    assert lan.waiting == []


def test_a_host_without_a_home_network_says_so() -> None:
    assert Lan(subnets=[]).ask() == "NO_SUBNET"


def test_once_the_house_is_set_up_nothing_is_scanned() -> None:
    lan = Lan()
    lan.ask()
    lan.work()
    lan.is_open = False
    assert lan.ask() == "NOT_FIRST_RUN", "although this process began while it was"
    assert lan.waiting == []


def test_one_scan_at_a_time_and_after_it_another() -> None:
    lan = Lan()
    lan.ask()
    assert lan.ask() == "BUSY"
    lan.work()
    assert lan.ask() == "SCANNING"


def test_a_scan_that_fails_is_over_and_says_why() -> None:
    lan = Lan()
    lan.fault = OSError("no route")
    lan.ask()
    lan.work()
    assert (lan.reports[-1].is_over, lan.reports[-1].problem) == (True, "OSError: no route")
    lan.fault = None
    assert lan.ask() == "SCANNING"


def test_a_request_that_the_broker_had_kept_is_not_heard() -> None:
    lan = Lan()
    request = ScanRequest(request_id="1", actor="anna")
    lan.scanner.on_request(Received(TOPICS.scan, request.encode(), retained=True))
    assert lan.replies == []
