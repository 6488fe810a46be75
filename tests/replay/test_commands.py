"""`bitgrid replay`, `simulate`, `preview` and `plan`, as a person types them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.config.loading import load_plant
from bitgrid.kernel import (
    Decision,
    advance,
    canonical_json,
    forecast_hash,
    forecast_record,
    memory_record,
)
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import from_source
from bitgrid.replay.simulation import Simulation
from bitgrid.store import DecisionRow, Ledger
from replay.houses import CONFIG_DIRECTORY, MAY_MORNING_S, shipped
from replay.test_replaying import row_of

CSV_HEADER = "time_utc,pv_power_w,house_load_w,pv_forecast_w,day_ahead_eur_mwh"


def bitgrid_(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def record_a_day(data: Path, *, tamper: bool = False) -> Path:
    """A data directory with a day's decisions in its ledger."""
    config, ledger = shipped(), Ledger(data / "ledger")
    home = SimulatedHome(config.site, load_plant(CONFIG_DIRECTORY))
    ledger.archive_configuration(config.config_hash, config.canonical_json, MAY_MORNING_S)

    def write(decision: Decision) -> None:
        forecast, row = decision.state.forecast, row_of(decision)
        assert forecast is not None
        if tamper and decision.action.value == "START":
            row = replace(row, record=row.record.replace('"action":"START"', '"action":"HOLD"'))
        ledger.archive_forecast(forecast_hash(forecast), canonical_json(forecast_record(forecast)), row.at_s)
        ledger.append(row, canonical_json(memory_record(advance(decision))))

    Simulation(config, from_source(home, config, MAY_MORNING_S, 100), write).run()
    ledger.close()
    return data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_a_day(tmp_path_factory.mktemp("data"))


def a_csv(path: Path, *extra: str) -> Path:
    file = path / "home.csv"
    rows = [
        f"2025-05-{day:02}T{hour:02}:{minute:02}:00Z,{4000 if 8 <= hour < 16 else 0},300,3000,80"
        for day in (14, 15)
        for hour in range(24)
        for minute in (0, 30)
    ]
    file.write_text("\n".join([CSV_HEADER, *rows, *extra, ""]))
    return file


# -- replay --------------------------------------------------------------------------------------------------


def test_replay_finds_every_decision_as_it_was(data: Path) -> None:
    code, text = bitgrid_("replay", "--data", data)
    assert code == 0, text
    assert "99 decisions replayed: every one derived again to the same bytes." in text


def test_replay_lists_what_was_tampered_with_and_fails(tmp_path: Path) -> None:
    code, text = bitgrid_("replay", "--data", record_a_day(tmp_path, tamper=True))
    assert code == 1
    assert "the decision is not what was derived" in text
    assert '"action":"HOLD"' in text
    assert '"action":"START"' in text
    assert "of 99 decisions differ" in text


@pytest.mark.parametrize("tamper", [False, True])
def test_a_replay_is_reported_as_json_where_asked(tmp_path: Path, *, tamper: bool) -> None:
    place, report = record_a_day(tmp_path, tamper=tamper), tmp_path / "replays" / "may.json"
    code, _text = bitgrid_("replay", "--data", place, "--report", report)
    told = json.loads(report.read_text())
    assert (told["checked"], told["differing"] > 0, code) == (99, tamper, int(tamper))
    assert bool(told["differences"]) == tamper
    assert [path.name for path in report.parent.iterdir()] == ["may.json"]
    assert "could not be written" in bitgrid_("replay", "--data", place, "--report", report / "x.json")[1]


def test_replay_of_a_part(data: Path) -> None:
    code, text = bitgrid_("replay", "--data", data, "--from", "2025-05-14T10:00", "--to", "2025-05-14T09:00Z")
    assert code == 0, text
    assert "6 decisions replayed" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "noon"], "--from noon is no time"),
        (["--from", "2025-05-15", "--to", "2025-05-14"], "is not after"),
        (["--from", "2030-01-01"], "no decision is recorded in this period"),
        (["--data", "/nowhere"], "there is no ledger"),
    ],
)
def test_what_cannot_be_replayed_is_told_in_words(data: Path, arguments: list[str], says: str) -> None:
    code, text = bitgrid_("replay", "--data", data, *arguments)
    assert code == 1
    assert says in text


@pytest.mark.parametrize("command", ["replay", "preview", "plan", "simulate"])
def test_where_nothing_runs_that_is_told(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitgrid.ops.commands.period.project_root", lambda: tmp_path)
    code, text = bitgrid_(command)
    assert code == 1
    assert "nothing runs on this machine" in text
    assert "make run" in text


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "2025-05.sqlite").write_text("this is no database, and long enough to be looked at" * 9)
    code, text = bitgrid_("replay", "--data", tmp_path)
    assert code == 1
    assert "the ledger" in text


# -- preview and plan ----------------------------------------------------------------------------------------


def test_plan_tells_the_coming_blocks_with_reasons(data: Path) -> None:
    code, text = bitgrid_("plan", "--data", data, "--language", "en")
    assert code == 0, text
    head, *lines = text.splitlines()
    assert head == "miner, as of 2025-05-14 22:30"
    assert lines[0].startswith("22:40")
    assert len(lines) > 72
    assert all(line.endswith(".") for line in lines)
    assert "%" in lines[0]


def test_preview_tells_the_next_block_alone_in_the_houses_language(data: Path) -> None:
    code, text = bitgrid_("preview", "--data", data)
    assert code == 0, text
    assert len(text.splitlines()) == 2
    assert "22:40" in text
    english = bitgrid_("preview", "--data", data, "--language", "en")[1]
    assert english != text


def test_nothing_decided_yet_is_told(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger").archive_configuration("x", "{}", MAY_MORNING_S)
    code, text = bitgrid_("plan", "--data", tmp_path)
    assert code == 1
    assert "nothing is decided yet" in text


def test_a_missing_configuration_is_told(tmp_path: Path) -> None:
    place = record_a_day(tmp_path)
    (file,) = (place / "ledger").glob("*.sqlite")
    other = place / "other" / "ledger"
    other.mkdir(parents=True)
    source, copy = sqlite3.connect(file), Ledger(other)
    for load, epoch, block, trigger, at_s, record in source.execute(
        "SELECT load, clock_epoch, block, trigger, at_s, record FROM decision LIMIT 1"
    ):
        copy.append(DecisionRow(load, epoch, block, trigger, at_s, record), "{}")
    source.close()
    copy.close()
    code, text = bitgrid_("plan", "--data", other)
    assert code == 1
    assert "is not in the archive" in text


# -- simulate ------------------------------------------------------------------------------------------------


def test_simulate_puts_two_rule_sets_side_by_side(tmp_path: Path) -> None:
    rules = tmp_path / "strict.yaml"
    text = (CONFIG_DIRECTORY / "bitgrid_rules.yaml").read_text()
    rules.write_text(text.replace("max_starts_per_day: 6", "max_starts_per_day: 1"))
    code, text = bitgrid_("simulate", "--data", a_csv(tmp_path), "--config", CONFIG_DIRECTORY, "--rules", rules)
    assert code == 0, text
    assert text.startswith("2.0 days simulated\n- rows every 30 min: blocks of 10 min hold their row's value")
    assert "in force  strict.yaml" in text
    lines = {line[:22].strip(): line[22:].split() for line in text.splitlines() if line[:1].isalpha()}
    assert {
        "mined",
        "surplus used",
        "autarky",
        "starts",
        "switches a day",
        "better than not mining",
    } <= lines.keys()


def test_simulate_takes_the_day_ahead_prices(tmp_path: Path) -> None:
    file = a_csv(tmp_path)
    fixed = bitgrid_("simulate", "--data", file, "--config", CONFIG_DIRECTORY)[1]
    code, dynamic = bitgrid_("simulate", "--data", file, "--config", CONFIG_DIRECTORY, "--prices", "30")
    assert code == 0, dynamic
    assert "hours eco" in fixed or "hours full" in fixed
    assert "hours eco" not in dynamic, "8 + 30 ct are dearer than the rules allow"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("noon,1,2,3,4", "home.csv:98 time_utc is 'noon'"),
        ("2025-05-16T00:00:00Z,-1,2,3,4", "home.csv:98 pv_power_w is -1"),
        ("2025-05-16T00:00:00Z,1,2,3,dear", "home.csv:98 day_ahead_eur_mwh is 'dear'; a price is needed"),
        ("2025-05-16T00:00:00Z,1,2,nan,4", "home.csv:98 pv_forecast_w is nan"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    code, text = bitgrid_("simulate", "--data", a_csv(tmp_path, row), "--config", CONFIG_DIRECTORY)
    assert code == 1
    assert says in text


def test_bad_rules_are_refused_with_their_place(tmp_path: Path) -> None:
    rules = tmp_path / "other.yaml"
    rules.write_text("schema: 1\nr2: {soc_hard_min_pct: 60.0, soc_soft_min_pct: 50.0}\n")
    code, text = bitgrid_("simulate", "--data", a_csv(tmp_path), "--config", CONFIG_DIRECTORY, "--rules", rules)
    assert code == 78
    assert "other.yaml:2:1 r2: soc_soft_min_pct must not be below soc_hard_min_pct" in text


def test_a_period_without_data_is_told(tmp_path: Path) -> None:
    arguments = ("--data", a_csv(tmp_path), "--config", CONFIG_DIRECTORY, "--from", "2030-01-01")
    code, text = bitgrid_("simulate", *arguments)
    assert code == 1
    assert "nothing could be simulated: no two whole blocks" in text


def test_a_recorded_period_can_be_simulated(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitgrid.ops.commands.simulate.data_directory", lambda _data: data)
    code, text = bitgrid_("simulate", "--config", CONFIG_DIRECTORY)
    assert code == 0, text
    assert "0.7 days simulated" in text
    assert "forecast: as archived in 98 of 98 decided blocks" in text


def test_a_plan_as_json_says_the_same_as_the_table(data: Path) -> None:
    code, text = bitgrid_("plan", "--data", data, "--json")
    assert code == 0, text
    planned = json.loads(text)["miner"]
    table = bitgrid_("plan", "--data", data, "--language", "de")[1].splitlines()
    assert len(planned) == len(table) - 1
    for block, line in zip(planned, table[1:], strict=True):
        assert f"  {block['action']}" in line
        assert block["reason"] in line
    only = json.loads(bitgrid_("preview", "--data", data, "--json")[1])["miner"]
    assert only == planned[:1]
