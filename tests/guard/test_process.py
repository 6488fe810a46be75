"""The guard's real process: its main(), its threads, its socket and its signals; only the devices are files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bitgrid.clock import SystemClock, simulated
from bitgrid.guard.link import (
    ClearTrip,
    GuardedLoad,
    LocalSocket,
    Renew,
    Request,
    Restart,
    decode_report,
    encode,
)
from guard.house import CONFIG_DIR

SPEED = 15.0
PATIENCE_MACHINE_S = 20.0
pytestmark = pytest.mark.system


class Rules:
    """A guard's process, the files of its devices, and the socket on which `rules` hears it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.closed, self.awake, self.temp_c = directory / "closed", directory / "awake", directory / "temp_c"
        self.temp_c.write_text("60")
        self.clock: SystemClock = simulated(SPEED, None)
        self.socket = LocalSocket(directory / "rules.sock")
        self.process = self.start()

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start a guard."""
        program = str(Path(__file__).with_name("on_files.py"))
        given = {
            "BITGRID_CLOCK": self.clock.to_environment(),
            "BITGRID_CONFIG_DIR": str(CONFIG_DIR),
            "BITGRID_RUN_DIR": str(self.directory),
        }
        self.process = subprocess.Popen(
            [sys.executable, program, str(self.directory)],
            env=os.environ | given | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def hear(self, fits: Callable[[GuardedLoad], bool], each: Callable[[], object] = lambda: None) -> GuardedLoad:
        """The next report in which the load is so; ``each`` is called at every report."""
        clock = SystemClock()
        ends = clock.boot() + PATIENCE_MACHINE_S
        while clock.boot() < ends:
            heard = self.socket.receive(0.1)
            report = decode_report(heard[0]) if heard else None
            if report is not None:
                each()
                if fits(report.loads["miner"]):
                    return report.loads["miner"]
        raise AssertionError(f"no such report within {PATIENCE_MACHINE_S} s of the machine")

    def renew(self, lease_id: str = "a") -> None:
        """Ask for a lease, or prolong it."""
        expires = self.clock.boot() + 45
        self.ask(Renew(load="miner", level="full", power_w=1674, lease_id=lease_id, expires_boot_s=expires))

    def ask(self, request: Request) -> None:
        """Send a request."""
        assert self.socket.send(encode(request), self.directory / "guard.sock")

    def run(self) -> None:
        """Lease the load and wake its miner."""
        self.hear(lambda load: load.confirmed_off)
        self.renew()
        self.hear(lambda load: load.relay == "closed")
        self.awake.touch()

    def end(self) -> None:
        """End whatever still runs."""
        self.process.kill()
        self.process.communicate()
        self.socket.close()


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Rules]:
    """A guard's process, just started, its relay found closed and its miner running."""
    (tmp_path / "closed").touch()
    (tmp_path / "awake").touch()
    rules = Rules(tmp_path)
    yield rules
    rules.end()


def test_started_over_a_running_miner_it_puts_it_off_and_then_leases_it_until_renewals_end(rules: Rules) -> None:
    rules.hear(lambda load: load.confirmed_off and load.relay == "open")
    assert not rules.awake.exists()
    rules.run()
    rules.hear(lambda load: load.power_w == 1600, each=rules.renew)
    assert rules.closed.read_text() == "120"
    load = rules.hear(lambda load: load.trip is not None and load.confirmed_off)
    assert load.trip is not None
    assert load.trip.cause == "lease_expired"
    assert not rules.closed.exists()
    rules.renew("b")
    rules.hear(lambda load: load.refusal == "a trip is latched and not cleared")
    rules.ask(ClearTrip(load="miner", trip_id=load.trip.trip_id))
    rules.renew("b")
    rules.hear(lambda load: load.lease_id == "b")


def test_heat_stops_it_while_renewals_go_on(rules: Rules) -> None:
    rules.run()
    rules.temp_c.write_text("90")
    load = rules.hear(lambda load: load.trip is not None and load.confirmed_off, each=rules.renew)
    assert load.trip is not None
    assert load.trip.cause == "heat"
    assert not rules.closed.exists()


def test_told_to_end_it_leaves_nothing_running(rules: Rules) -> None:
    rules.run()
    rules.process.send_signal(signal.SIGTERM)
    assert rules.process.wait(PATIENCE_MACHINE_S) == 0
    assert not rules.awake.exists()
    assert not rules.closed.exists()
    assert not (rules.directory / "guard.sock").exists()


def test_killed_and_started_anew_it_puts_the_load_off_although_it_is_asked_to_go_on(rules: Rules) -> None:
    rules.run()
    rules.process.kill()
    rules.process.communicate()
    assert rules.closed.exists()
    rules.start()
    rules.hear(lambda load: load.confirmed_off)
    assert not rules.closed.exists()


def heard_of_life(listener: socket.socket) -> list[bytes]:
    """What came within a second of the machine."""
    said: list[bytes] = []
    ends = SystemClock().boot() + 1
    while SystemClock().boot() < ends:
        with suppress(TimeoutError):
            said.append(listener.recv(64))
    return said


def test_a_guard_that_hangs_feeds_systemds_watchdog_no_more_whoever_is_its_parent(tmp_path: Path) -> None:
    """On the appliance supervisord is the unit's main process, and the guard its child: it feeds for the unit."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(0.1)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            rules = Rules(tmp_path)
        try:
            rules.hear(lambda load: load.confirmed_off)
            said = heard_of_life(listener)
            assert said[0] == b"READY=1"
            assert b"WATCHDOG=1" in said
            rules.process.send_signal(signal.SIGSTOP)
            heard_of_life(listener)
            assert heard_of_life(listener) == []
            rules.process.send_signal(signal.SIGCONT)
            assert b"WATCHDOG=1" in heard_of_life(listener)
        finally:
            rules.end()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"BITGRID_CONFIG_DIR": "/nowhere"}, "site.yaml is missing"),
        ({"BITGRID_GUARD_PEERS": "no-such-user"}, "no-such-user"),
    ],
)
def test_what_it_cannot_understand_it_refuses_with_a_text(
    rules: Rules, environment: dict[str, str], told: str
) -> None:
    rules.process.kill()
    rules.process.communicate()
    _, said = rules.start(**environment).communicate(timeout=PATIENCE_MACHINE_S)
    assert rules.process.returncode == os.EX_CONFIG
    assert told in said


def test_where_the_site_has_changed_it_puts_the_load_off_and_ends_to_be_started_anew(rules: Rules) -> None:
    rules.run()
    rules.hear(lambda load: load.power_w == 1600, each=rules.renew)
    rules.ask(Restart())
    assert rules.process.wait(PATIENCE_MACHINE_S) == 0
    assert not rules.awake.exists()
    assert not rules.closed.exists()
