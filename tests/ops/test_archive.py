"""`bitgrid archive`: what a person asks of what is kept for years."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.clock import HeldClock
from bitgrid.services.archive_child import LONGEST_S, ArchiveChild
from bitgrid.store.archive import manifest
from bitgrid.store.archive.writer import ArchiveWriter
from store.archive.days import DAY, START_S, any_day, telemetry
from store.archive.house import RecordedHouse, tick

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    writer = ArchiveWriter(tmp_path / "archive", HeldClock())
    for number in (0, 1, 3):
        writer.write_day("telemetry", DAY + dt.timedelta(days=number), telemetry([1.0, 2.0]))
    writer.write_day("decisions", DAY, any_day("decisions"))
    return tmp_path


def archive_(*arguments: str, data: Path, answer: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(main, ["archive", *arguments, "--data", str(data)], input=answer)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_sound_archive_is_told(data: Path) -> None:
    code, text = archive_("verify", data=data)
    assert code == 0
    assert "4 files" in text
    assert "Every file is as it was written." in text


def test_every_problem_is_a_line_and_the_exit_code_is_1(data: Path) -> None:
    (data / "archive/telemetry/2026-03-02.parquet").unlink()
    code, text = archive_("verify", data=data)
    assert code == 1
    assert "NOT SOUND, 1 problems:\n  telemetry/2026-03-02.parquet: is missing" in text


def test_what_is_kept_is_listed_with_the_days_that_are_missing(data: Path) -> None:
    _code, text = archive_("list", data=data)
    (line,) = [line.split() for line in text.splitlines() if line.startswith("telemetry")]
    assert line[1:6] == ["2026-03-01", "2026-03-04", "3", "1", "0"]
    told = {entry["kind"]: entry for entry in json.loads(archive_("list", "--json", data=data)[1])}
    assert told["telemetry"]["missing"] == ["2026-03-03"]
    assert (told["events"]["days"], told["events"]["first"]) == (0, None)


def test_an_archive_by_itself_is_looked_at_too(data: Path) -> None:
    done = CliRunner().invoke(main, ["archive", "verify", "--archive", str(data / "archive")])
    assert done.exit_code == 0


def test_where_there_is_none_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    code, text = archive_("list", data=tmp_path)
    assert code == 1
    assert "there is no archive in" in text
    assert "--data" in text


def test_nothing_goes_without_a_yes(data: Path) -> None:
    code, text = archive_("drop", "decisions", "--before", "2027-01-01", data=data, answer="n\n")
    assert code == 1
    assert "Delete 1 days of decisions, 2026-03-01 to 2026-03-01" in text
    assert (data / "archive/decisions/2026-03-01.parquet").exists()


def test_what_the_owner_drops_is_gone_and_the_manifest_says_on_whose_word(data: Path) -> None:
    code, text = archive_("drop", "telemetry", "--before", "2026-03-02", "--yes", data=data)
    assert (code, "Deleted 1 days" in text) == (0, True)
    told = manifest.load(data / "archive").find("telemetry", DAY)
    assert told is not None
    assert (told.state, told.why) == ("dropped", "the owner's word")
    assert [path.name for path in sorted((data / "archive/telemetry").iterdir())] == [
        "2026-03-02.parquet",
        "2026-03-04.parquet",
    ]
    assert archive_("verify", data=data)[0] == 0


def test_to_drop_what_is_not_there_is_refused(data: Path) -> None:
    code, text = archive_("drop", "telemetry", "--before", "2026-03-01", "--yes", data=data)
    assert code == 1
    assert "no telemetry is kept from before 2026-03-01" in text


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedHouse:
    """A house of yesterday, whose clock the child is given."""
    house = RecordedHouse(tmp_path / "data")
    house.measure_day(every_s=600)
    house.decide(tick(START_S + 2))
    monkeypatch.setenv("BITGRID_CLOCK", f"1.0:0.0:{START_S + 86_400 + 1000}")
    return house


def test_a_run_by_hand_says_what_it_did(house: RecordedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.nice", lambda _by: 0)
    code, text = archive_("run", "--config", str(CONFIG), data=house.data)
    assert (code, "2026-03-01 was archived" in text) == (0, True)


def test_the_recorders_child_archives_the_day_and_ends(house: RecordedHouse) -> None:
    child = ArchiveChild.of(house.data, CONFIG, HeldClock())
    child.start()
    assert child._process is not None
    child._process.wait(timeout=60)
    outcome = child.outcome()
    assert outcome is not None
    assert (outcome.done, outcome.problems) == (["2026-03-01 was archived"], [])
    assert (house.archive / "telemetry/2026-03-01.parquet").exists()


def test_a_child_that_fails_is_a_problem(tmp_path: Path) -> None:
    child = ArchiveChild(["false"], HeldClock())
    child.start()
    assert child._process is not None
    child._process.wait(timeout=60)
    outcome = child.outcome()
    assert outcome is not None
    assert "ended with code 1" in outcome.problems[0]
    assert child.outcome() != outcome
    assert not list(tmp_path.iterdir())


def test_a_child_that_hangs_is_ended() -> None:
    clock = HeldClock()
    child = ArchiveChild(["sleep", "1000"], clock)
    child.start()
    process = child._process
    assert process is not None
    assert child.outcome() is None
    clock.advance(LONGEST_S)
    outcome = child.outcome()
    assert outcome is not None
    assert "took longer" in outcome.problems[0]
    assert process.poll() is not None


def test_a_recorder_that_ends_takes_its_child_along() -> None:
    child = ArchiveChild(["sleep", "1000"], HeldClock())
    child.start()
    process = child._process
    child.stop()
    assert process is not None
    assert process.poll() is not None


def test_a_days_decisions_are_printed_for_programs(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path / "archive", HeldClock())
    writer.write_day("decisions", DAY, any_day("decisions"))
    code, text = archive_("decisions", DAY.isoformat(), data=tmp_path)
    told = [json.loads(line) for line in text.splitlines()]
    assert (code, len(told)) == (0, 3)
    assert set(told[0]) == {"seq", "load", "clock_epoch", "block", "trigger", "at_s", "record"}
    code, text = archive_("decisions", "1999-01-01", data=tmp_path)
    assert (code, "no decisions are archived" in text) == (1, True)
