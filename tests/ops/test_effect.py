"""What other rules would have changed: the last days of a real ledger, lived through twice, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bitgrid.config import Rules, load_config
from bitgrid.ops.commands.effect import effect
from whole_house import CONFIG_DIRECTORY, WholeHouse

MORNING_S = 1_750_046_400.0  # 2025-06-16 06:00 in Berlin
HOURS = 8


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a house that has lived through a sunny morning."""
    directory = tmp_path_factory.mktemp("lived")
    house = WholeHouse(directory, MORNING_S)
    house.live(HOURS * 3600)
    house.ledger.close()
    return directory


def ask(data: Path, rules: Rules, *more: str) -> Result:
    asked = ["--data", str(data), "--config", str(CONFIG_DIRECTORY)]
    return CliRunner().invoke(effect, [*asked, "--rules-json", rules.model_dump_json(by_alias=True), *more])


def rules(**sections: dict[str, float]) -> Rules:
    own = load_config(CONFIG_DIRECTORY).rules.model_dump(mode="json", by_alias=True)
    for name, values in sections.items():
        own[name] |= values
    return Rules.model_validate(own)


def test_the_same_rules_change_nothing(lived: Path) -> None:
    told = json.loads(ask(lived, rules()).stdout)
    assert told["before"] == told["after"]
    assert told["before"]["mined_kwh"] > 1
    assert told["blocks"] in range(HOURS * 6 - 1, HOURS * 6 + 2)
    assert told["gap_blocks"] == 0
    assert (told["to_s"] - told["from_s"]) == told["blocks"] * 600


def test_a_higher_reserve_mines_less_and_leaves_more_in_the_battery(lived: Path) -> None:
    told = json.loads(ask(lived, rules(r2={"soc_hard_min_pct": 97.0, "soc_soft_min_pct": 99.0})).stdout)
    before, after = told["before"], told["after"]
    assert after["mined_kwh"] < before["mined_kwh"]
    assert after["export_kwh"] >= before["export_kwh"]
    assert after["soc_end_pct"] >= before["soc_end_pct"]


def test_only_the_days_asked_for_are_lived_through(lived: Path) -> None:
    whole, one = (json.loads(ask(lived, rules(), "--days", days).stdout) for days in ("30", "1"))
    assert whole["blocks"] == one["blocks"]  # it has lived for less than a day


def test_how_far_it_is_stands_on_stderr_and_reaches_the_end(lived: Path) -> None:
    lines = ask(lived, rules()).stderr.splitlines()
    done, of = lines[-1].removeprefix("progress ").split("/")
    assert done == of
    assert all(line.startswith("progress ") for line in lines)


def test_a_house_without_a_past_says_so(tmp_path: Path) -> None:
    result = ask(tmp_path, rules())
    assert result.exit_code == 1
    assert "there is no ledger" in result.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "these are no rules"),
        ('{"schema": 1, "r3": {"max_temp_c": 120.0}}', "r3.max_temp_c"),
        ('{"schema": 1, "block_s": 300}', "cannot be compared"),
    ],
)
def test_what_are_no_rules_is_refused(lived: Path, text: str, says: str) -> None:
    asked = ["--data", str(lived), "--config", str(CONFIG_DIRECTORY), "--rules-json", text]
    result = CliRunner().invoke(effect, asked)
    assert result.exit_code == 1
    assert says in result.stderr
