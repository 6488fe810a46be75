"""Whether a house that was just started is well, and is the release that was meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.ops.host.health import MUST_LIVE_AT_EDGE, not_running, still_missing, wait_until_well
from bitgrid.ops.host.places import HostPlaces, Part
from bitgrid.ops.readiness import Answer
from bitgrid.ops.supervisor_client import ProgramInfo, SupervisorAway

NAMES = ("guard", "loads", "poller", "recorder", "rules", "feeds", "web", "explain")


def told(release: str = "1.1", status: int = 200, **changed: str) -> Callable[[], Answer]:
    parts = {name: {"status": changed.get(name, "ok"), "reason": "why"} for name in NAMES}
    return lambda: Answer(status, {"release": release, "components": parts})


def test_a_house_that_is_well_misses_nothing() -> None:
    assert still_missing(told(), "1.1") is None
    assert still_missing(told(), None) is None


def test_the_release_before_that_still_answers_is_not_the_new_one() -> None:
    assert still_missing(told("1.0"), "1.1") == "the release that runs is 1.0, not 1.1"


@pytest.mark.parametrize("name", ["guard", "loads", "poller", "recorder", "rules"])
def test_whoever_is_silent_is_missed(name: str) -> None:
    assert still_missing(told(**{name: "silent"}), None) == f"{name} has not been heard"


def test_an_edge_is_well_before_its_gateway_is_there() -> None:
    alone = told(guard="silent", loads="silent", poller="silent")
    assert still_missing(alone, None) == "guard has not been heard"
    assert still_missing(alone, None, MUST_LIVE_AT_EDGE) is None
    assert still_missing(told(recorder="silent"), None, MUST_LIVE_AT_EDGE) == "recorder has not been heard"


def test_a_device_that_does_not_answer_is_no_fault_of_a_release() -> None:
    assert still_missing(told(poller="error", loads="warn", feeds="silent"), None) is None


def test_rules_that_cannot_record_are() -> None:
    assert still_missing(told(rules="error"), None) == "rules: why"


@pytest.mark.parametrize("body", [{}, {"components": 1}, {"components": {"guard": 1}}])
def test_what_is_no_answer_is_none(body: dict[str, object]) -> None:
    assert still_missing(lambda: Answer(200, body), None) is not None
    assert still_missing(told(status=500), None) == "the page answers 500"


def test_it_is_asked_until_it_is_well_or_the_time_is_over() -> None:
    clock, asked = HeldClock(), []

    def later() -> Answer:
        asked.append(clock.boot())
        if len(asked) < 4:
            raise ConnectionRefusedError("not yet")
        return told()()

    assert wait_until_well(partial(still_missing, later, "1.1"), clock, 10.0) is None
    assert len(asked) == 4
    other = partial(still_missing, told("1.0"), "1.1")
    assert "release that runs is 1.0" in (wait_until_well(other, clock, 10.0) or "")


def program(name: str, state: str) -> ProgramInfo:
    return ProgramInfo(name, state, 1, 0, "")


def away() -> list[ProgramInfo]:
    raise SupervisorAway("supervisord: no answer")


def test_a_gateway_is_well_when_all_its_programs_run() -> None:
    assert not_running(lambda: [program("poller", "RUNNING")]) is None
    both = [program("poller", "RUNNING"), program("loads", "BACKOFF")]
    assert not_running(lambda: both) == "not running: loads"
    assert not_running(away) == "supervisord: no answer"


def test_a_host_knows_which_part_it_is(tmp_path: Path) -> None:
    places = HostPlaces(tmp_path)
    assert places.part is Part.EDGE
    places.config.mkdir(parents=True)
    (places.config / "host.env").write_text("BITGRID_ADDRESSES=10.0.0.1\nBITGRID_PART=gateway\n")
    assert places.part is Part.GATEWAY
