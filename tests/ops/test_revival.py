"""Reviving what supervisord has given up: how soon, how often, and that it never ends."""

from __future__ import annotations

import pytest

from bitgrid.clock import HeldClock
from bitgrid.ops.listener import BadEvent, given_up, payload_length, tokens
from bitgrid.ops.revival import Revival
from bitgrid.ops.reviver import Reviver
from bitgrid.ops.supervisor_client import ProgramInfo, SupervisorAway


def test_it_waits_ever_longer_up_to_five_minutes_and_never_gives_up() -> None:
    revival, now_s, delays = Revival(), 100.0, []
    for _ in range(12):
        delay_s = revival.failed("web", now_s)
        delays.append(delay_s)
        assert revival.take_due(now_s + delay_s - 0.01) == []
        now_s += delay_s
        assert revival.take_due(now_s) == ["web"]
        now_s += 5
    assert delays == [1, 2, 5, 10, 30, 60, 120, 300, 300, 300, 300, 300]


def test_after_ten_good_minutes_it_begins_anew() -> None:
    revival = Revival()
    revival.failed("web", 0)
    revival.take_due(1)
    assert revival.failed("web", 600) == 2, "not yet"
    revival.take_due(602)
    assert revival.failed("web", 602 + 600 + 1) == 1


def test_a_failure_told_twice_counts_once() -> None:
    revival = Revival()
    assert revival.failed("web", 0) == 1
    assert revival.failed("web", 0.5) == 0.5
    assert revival.take_due(1) == ["web"]
    assert revival.take_due(1) == []
    assert revival.failed("web", 2) == 2


def test_programs_fail_apart() -> None:
    revival = Revival()
    revival.failed("web", 0)
    revival.take_due(1)
    revival.failed("web", 1)
    assert revival.failed("feeds", 1) == 1
    assert revival.seconds_until_due(1) == 1
    assert revival.take_due(3) == ["feeds", "web"]
    assert revival.seconds_until_due(3) is None


class Supervisord:
    """Supervisord in the hand."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.started: list[str] = []
        self.is_away = False

    def programs(self) -> list[ProgramInfo]:
        self._answer()
        return [ProgramInfo(name, state, 0, 0, "") for name, state in self.states.items()]

    def start(self, name: str) -> None:
        self._answer()
        self.started.append(name)

    def _answer(self) -> None:
        if self.is_away:
            raise SupervisorAway("gone")


@pytest.fixture
def supervisord() -> Supervisord:
    return Supervisord()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def reviver(supervisord: Supervisord, clock: HeldClock) -> Reviver:
    return Reviver(supervisord, clock)  # type: ignore[arg-type]  # it only needs the two calls


def test_a_program_that_is_given_up_is_started_again(
    reviver: Reviver, supervisord: Supervisord, clock: HeldClock
) -> None:
    reviver.step()
    reviver.on_fatal("web")
    assert reviver.step() == 1
    assert supervisord.started == []
    clock.advance(1)
    reviver.step()
    assert supervisord.started == ["web"]


def test_one_given_up_before_the_reviver_came_is_found(
    reviver: Reviver, supervisord: Supervisord, clock: HeldClock
) -> None:
    supervisord.states = {"web": "FATAL", "feeds": "RUNNING"}
    assert reviver.step() == 1
    clock.advance(1)
    reviver.step()
    assert supervisord.started == ["web"]


def test_an_event_that_was_lost_is_made_up_for_within_a_minute(
    reviver: Reviver, supervisord: Supervisord, clock: HeldClock
) -> None:
    assert reviver.step() == 60
    supervisord.states = {"web": "FATAL"}
    clock.advance(60)
    reviver.step()
    clock.advance(1)
    reviver.step()
    assert supervisord.started == ["web"]


def test_while_supervisord_is_away_it_tries_again(
    reviver: Reviver, supervisord: Supervisord, clock: HeldClock
) -> None:
    reviver.on_fatal("web")
    supervisord.is_away = True
    clock.advance(1)
    assert reviver.step() == 2
    supervisord.is_away = False
    clock.advance(2)
    reviver.step()
    assert supervisord.started == ["web"]


HEADER = b"ver:3.0 server:supervisor serial:21 pool:reviver poolserial:10 eventname:PROCESS_STATE_FATAL len:58\n"
PAYLOAD = b"processname:web groupname:web from_state:BACKOFF"


def test_the_event_of_a_program_given_up_names_it() -> None:
    assert payload_length(HEADER) == 58
    assert given_up(HEADER, PAYLOAD) == "web"


def test_any_other_event_names_nothing() -> None:
    assert given_up(HEADER.replace(b"STATE_FATAL", b"STATE_RUNNING"), PAYLOAD) is None


@pytest.mark.parametrize("header", [b"", b"len:many\n", b"no tokens\n", b"\xff:1\n"])
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(BadEvent):
        payload_length(header)


def test_an_event_without_a_name_is_refused() -> None:
    with pytest.raises(BadEvent, match="no program is named"):
        given_up(HEADER, b"groupname:web")
    with pytest.raises(BadEvent):
        tokens(b"name")
