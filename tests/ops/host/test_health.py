"""Whether a house that was just started is well, and is the release that was meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bitgrid.clock import HeldClock
from bitgrid.ops.host.health import still_missing, wait_until_well
from bitgrid.ops.readiness import Answer

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

    assert wait_until_well(later, "1.1", clock, 10.0) is None
    assert len(asked) == 4
    assert "release that runs is 1.0" in (wait_until_well(told("1.0"), "1.1", clock, 10.0) or "")
