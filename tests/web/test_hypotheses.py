"""Hypotheses: the kernel's own answers on the newest records, and what is said where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.explain import Language
from bitgrid.replay.consequence import Consequence, Kind, Wish
from bitgrid.web.consequences import said
from bitgrid.web.hypotheses import Action, Hypotheses
from bitgrid.web.problems import Refusal
from web.records import Recorded, record

HOUR_S = 3600


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    return record(tmp_path_factory.mktemp("data"), shipped)


@pytest.fixture
def clock(recorded: Recorded) -> HeldClock:
    return HeldClock(wall_s=float(recorded.ends_s))


@pytest.fixture
def asked(recorded: Recorded, clock: HeldClock) -> Hypotheses:
    return Hypotheses(recorded.data, clock)


def test_the_next_block_is_the_first_of_the_plan(asked: Hypotheses, recorded: Recorded) -> None:
    preview, plan = asked.preview(), asked.plan()
    (next_block,) = preview.loads["miner"]
    assert next_block == plan.loads["miner"][0]
    assert next_block.at_s == recorded.rows[-1].at_s // 600 * 600 + 600
    assert not plan.is_old
    assert len(plan.loads["miner"]) > 72, "as far as the forecast reaches"


def test_a_plan_is_kept_until_something_newer_is_recorded(
    asked: Hypotheses, recorded: Recorded, tmp_path: Path, clock: HeldClock
) -> None:
    assert asked.plan().loads is asked.plan().loads
    short = record(tmp_path, recorded.config, 10)
    grows = Hypotheses(tmp_path, clock)
    before = grows.plan()
    record(tmp_path, recorded.config, 5, short.rows[-1].at_s // 600 * 600 + 600)
    assert grows.plan().as_of_s > before.as_of_s


def test_a_plan_from_old_records_says_so(recorded: Recorded) -> None:
    late = Hypotheses(recorded.data, HeldClock(wall_s=recorded.ends_s + 2.0 * HOUR_S))
    assert late.plan().is_old
    with pytest.raises(Refusal) as refused:
        late.consequence("miner", "stop")
    assert (refused.value.status, refused.value.code) == (503, "rules_silent")


def test_other_values_are_decided_on_by_the_kernel(asked: Hypotheses) -> None:
    sunny = asked.whatif("miner", {"pv_power_w": 9000.0})
    assert sunny.decision.code == "R4_FORECAST_LOW", "enough now, but it is six in the evening"
    assert [change.name for change in sunny.follows] == ["grid_power_w", "grid_power_60s_w"]
    empty = asked.whatif("miner", {"pv_power_w": 9000.0, "battery_soc_pct": 3.0})
    assert empty.decision.code == "R2_HARD_RESERVE"
    assert asked.whatif("miner", {}).decision.code == "R1_INSUFFICIENT_SURPLUS"


@pytest.mark.parametrize(
    ("load", "changed", "code"),
    [
        ("miner", {"battery_soc_pct": 130.0}, "bad_value"),
        ("miner", {"sunshine": 1.0}, "bad_value"),
        ("toaster", {}, "unknown_load"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    asked: Hypotheses, load: str, changed: dict[str, float], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        asked.whatif(load, changed)
    assert (refused.value.status, refused.value.code) == (422, code)
    assert refused.value.detail.endswith(".")


def test_a_stop_lasts_as_long_as_was_asked(asked: Hypotheses, clock: HeldClock) -> None:
    stop = asked.consequence("miner", "stop", duration_s=HOUR_S)
    assert (stop.kind, stop.at_s) == (Kind.ENDS, int(clock.now()) + HOUR_S)
    assert stop.wish.level == "off"


def test_a_wish_lasts_its_default_time_where_none_is_given(asked: Hypotheses, recorded: Recorded) -> None:
    ends_s = recorded.ends_s + recorded.config.rules.override.default_min * 60
    assert asked.consequence("miner", "start").wish.ends_at_s == ends_s
    assert asked.consequence("miner", "start").wish.level == "eco"


@pytest.mark.parametrize(
    ("action", "level", "duration_s", "code"),
    [
        ("level", "turbo", 600, "unknown_level"),
        ("level", None, 600, "unknown_level"),
        ("start", None, 0, "too_long"),
        ("start", None, 10**6, "too_long"),
        ("end", None, None, "no_override"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    asked: Hypotheses, action: Action, level: str | None, duration_s: int | None, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        asked.consequence("miner", action, level, duration_s)
    assert (refused.value.status, refused.value.code) == (422, code)


@pytest.mark.parametrize("data", [None, Path("/nowhere/at/all")])
def test_without_records_nothing_is_said(data: Path | None, clock: HeldClock) -> None:
    with pytest.raises(Refusal) as refused:
        Hypotheses(data, clock).plan()
    assert (refused.value.status, refused.value.code) == (503, "nothing_decided")


def test_a_ledger_that_nothing_is_decided_in_says_so(tmp_path: Path, clock: HeldClock) -> None:
    (tmp_path / "ledger").mkdir()
    with pytest.raises(Refusal) as refused:
        Hypotheses(tmp_path, clock).preview()
    assert refused.value.code == "nothing_decided"


def test_records_that_cannot_be_read_are_told_as_such(tmp_path: Path, clock: HeldClock) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "2025-05.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(Refusal) as refused:
        Hypotheses(tmp_path, clock).plan()
    assert (refused.value.status, refused.value.code) == (503, "not_readable")


class TestInWords:
    """What a person reads before they confirm."""

    @pytest.mark.parametrize(
        ("language", "says"),
        [
            ("en", r"Autarky will end it again, at about \d\d:\d\d \(in .*\)\. .* 50 %"),
            ("de", r"Autarkie beendet das wieder, etwa um \d\d:\d\d \(in .*\)\. .* 50 %"),
        ],
    )
    def test_what_takes_it_back(
        self, asked: Hypotheses, app: Flask, clock: HeldClock, language: Language, says: str
    ) -> None:
        words = app.extensions["bitgrid"].words[language]
        answer = asked.consequence("miner", "level", "full", 12 * HOUR_S)
        assert re.search(says, said(answer, words, clock.now()).replace("\u00a0", " "))

    def test_that_it_is_refused_and_why(self, asked: Hypotheses, app: Flask, clock: HeldClock) -> None:
        hot = asked.whatif("miner", {"emergency_stop": 1.0, "pv_power_w": 9000.0}).decision
        answer = Consequence(Wish("miner", "eco", int(clock.now()) + HOUR_S), Kind.REFUSED, int(clock.now()), hot)
        text = said(answer, app.extensions["bitgrid"].words["en"], clock.now())
        assert text.startswith("This would be refused now (Safety). ")
        assert "emergency" in text

    def test_what_comes_after_its_end(self, asked: Hypotheses, app: Flask, clock: HeldClock) -> None:
        text = said(
            asked.consequence("miner", "stop", duration_s=HOUR_S),
            app.extensions["bitgrid"].words["en"],
            clock.now(),
        )
        assert text.startswith("Holds until 18:51. After that, as things stand: ")
