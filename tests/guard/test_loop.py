"""The guard's life: it hears at once, feeds the watchdog only when it watched, and puts all off before it ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.guard.hands import HandLost
from bitgrid.guard.link import Renew, encode
from bitgrid.guard.loop import live
from bitgrid.guard.notify import Notify
from guard.house import ME, RUNNING_W, House


class Script:
    """A receive that plays datagrams, and ends the guard when there are no more."""

    def __init__(self, house: House, *datagrams: bytes | None) -> None:
        self.house = house
        self.stopping = threading.Event()
        self.datagrams = iter(datagrams)
        self.asked_machine_s: list[float] = []

    def __call__(self, timeout_s: float) -> tuple[bytes, int] | None:
        self.asked_machine_s.append(timeout_s)
        try:
            data = next(self.datagrams)
        except StopIteration:
            self.stopping.set()
            data = None
        if data is None:
            self.house.clock.advance(timeout_s * self.house.clock.speed)
            return None
        return data, ME

    def play(self) -> bool:
        """Live the guard's life to its end."""
        return live(self.house.guard, self, self.house.clock, self.stopping, Notify())


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which systemd listens."""
    path = tmp_path / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "10000000")
        yield listener


def heard(listener: socket.socket) -> list[bytes]:
    """All that systemd was told."""
    said = []
    while True:
        try:
            said.append(listener.recv(100))
        except BlockingIOError:
            return said


def test_a_renewal_is_acted_on_when_it_is_heard_not_a_step_later(house: House) -> None:
    began = house.clock.boot()
    renewal = Renew(load="miner", level="eco", power_w=800, lease_id="a", expires_boot_s=began + 45)
    Script(house, encode(renewal)).play()
    assert ("close 120", began) in house.relay.calls


def test_it_listens_for_a_second_of_the_house_at_a_time(house: House) -> None:
    house.clock.speed = 60
    script = Script(house, None)
    script.play()
    assert script.asked_machine_s[0] == pytest.approx(1 / 60)


def test_told_to_end_it_puts_the_load_off_first(running: House) -> None:
    assert Script(running).play()
    assert running.miner.stops > 0
    assert not running.relay.is_closed
    assert running.load.confirmed_off


def test_told_to_end_it_also_cuts_the_power_of_a_miner_that_is_asleep_already(running: House) -> None:
    running.miner.is_awake = False
    assert Script(running).play()
    assert not running.relay.is_closed


def test_told_to_end_it_leaves_the_fans_their_five_seconds(running: House) -> None:
    running.miner.obeys = False
    began = running.clock.boot()
    assert Script(running).play()
    assert running.relay.calls[-2][0] == "open"
    assert running.relay.calls[-2][1] - began == pytest.approx(6, abs=1)


def test_told_to_end_it_hears_no_renewal_any_more(running: House) -> None:
    running.miner.obeys = False
    script = Script(running)
    script.play()
    running.renew(lease_id="lease-2")
    assert running.load.refusal == "the guard is ending"
    assert running.miner.drawn_w == 0


def test_told_to_end_it_does_not_wait_for_ever(running: House) -> None:
    running.relay.is_silent, running.miner.obeys = True, False
    began = running.clock.boot()
    assert not Script(running).play()
    assert running.clock.boot() - began <= 10
    assert running.miner.drawn_w == RUNNING_W


def test_systemd_hears_that_it_is_ready_and_after_every_turn_that_it_lives(
    house: House, systemd: socket.socket
) -> None:
    Script(house, None, None).play()
    said = heard(systemd)
    assert said[0] == b"READY=1"
    assert said[1:] == [b"WATCHDOG=1"] * 3


def test_a_guard_that_could_not_watch_does_not_feed_the_watchdog(
    house: House, systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter([None])

    def step() -> None:
        if next(steps, "lost") == "lost":
            raise HandLost("miner's relay")

    monkeypatch.setattr(house.guard, "step", step)
    with pytest.raises(HandLost):
        Script(house, None, None).play()
    assert heard(systemd) == [b"READY=1"]


def test_without_a_watchdog_none_is_fed(
    house: House, systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC")
    Script(house, None).play()
    assert heard(systemd) == [b"READY=1"]


def test_an_abstract_socket_of_systemd_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0bitgrid-test-notify")
        listener.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", "@bitgrid-test-notify")
        Notify().ready()
        assert listener.recv(100) == b"READY=1"


def test_without_systemd_or_with_a_deaf_one_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone.sock"))
    Notify().ready()
    monkeypatch.delenv("NOTIFY_SOCKET")
    Notify().ready()
