"""`bitgrid whatif`: the last recorded state, changed and decided on again by the real kernel."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.config import Config, load_config
from bitgrid.control.journal import Journal
from bitgrid.control.rule_set import load_profile, rule_set
from bitgrid.kernel import EnergyState, Forecast, LoadMemory, Signal, Trigger, decide
from bitgrid.ops.instance import Card
from bitgrid.store import DecisionRow, Ledger

NOON_S = 1_750_068_000
BLOCK = NOON_S // 600
RULES_WITH_LOW_RESERVE = "schema: 1\nr2: {soc_hard_min_pct: 10, soc_soft_min_pct: 20}\n"
CLOUDY = {
    "pv_power_w": 1000,
    "grid_power_w": -300,
    "grid_power_60s_w": -280,
    "battery_power_w": 0,
    "battery_soc_pct": 800,
    "miner.temp_c": 400,
}


@dataclass
class House:
    """An instance as `bitgrid run` leaves it on the disk while it runs."""

    var: Path
    config: Config
    ledger: Ledger

    def decides(
        self,
        signals: dict[str, int],
        memory: LoadMemory | None = None,
        *,
        trigger: Trigger = Trigger.TICK,
        is_archived: bool = True,
        **more: Any,
    ) -> None:
        given = {name: Signal(value) for name, value in signals.items()}
        more = {"config_hash": self.config.config_hash} | more
        state = EnergyState(NOON_S, BLOCK, signals=given, load_ids=("miner",), **more)
        profile = load_profile(self.config.site.loads[0])
        decision = decide(state, memory or LoadMemory(), rule_set(self.config), profile, trigger)
        journal = Journal(self.ledger)
        decided = journal.decided(decision)
        if is_archived:
            journal.append(decided)
        else:
            self.ledger.append(decided.row, "{}")

    def asks(self, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["whatif", "--var", str(self.var), *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output.replace("\u00a0", " ")

    def answers(self, *arguments: str) -> dict[str, Any]:
        code, text = self.asks("--json", *arguments)
        assert code == 0, text
        answer: dict[str, Any] = json.loads(text)
        return answer


@pytest.fixture
def house(tmp_path: Path, config_dir: Path) -> Iterator[House]:
    home = tmp_path / "var" / "0"
    home.mkdir(parents=True)
    paths = {name: str(home / name) for name in ("data", "run", "log")}
    card = Card(
        pid=1, url="http://127.0.0.1:8080/", speed=1, config=str(config_dir), clock="", is_simulated=True, **paths
    )
    (home / "instance.json").write_text(card.model_dump_json())
    ledger = Ledger(home / "data" / "ledger")
    with (home / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield House(tmp_path / "var", load_config(config_dir), ledger)
    ledger.close()


def test_more_sun_starts_the_miner_and_the_meter_follows(house: House) -> None:
    house.decides(CLOUDY)
    code, text = house.asks("--set", "pv_power_w=3000")
    assert code == 0, text
    assert "decided     HOLD off, 0 W · R1 · R1_INSUFFICIENT_SURPLUS" in text
    assert "Hypothetical: nothing is switched." in text
    assert "set         pv_power_w: 1,000 W → 3,000 W" in text
    assert "follows     grid_power_w: −300 W → −2,300 W" in text
    assert "follows     grid_power_60s_w: −280 W → −2,280 W" in text
    assert "then        START full, 1674 W · R1 · R1_SURPLUS_OK" in text
    assert "The sun leaves 2.3 kW over, enough for full power: the miner starts at 1,674 W." in text


def test_the_meter_stays_where_it_is_set(house: House) -> None:
    house.decides(CLOUDY)
    answer = house.answers("--set", "pv_power_w=3000", "--set", "grid_power_w=-300")
    assert answer["follows"] == {"grid_power_60s_w": {"before": -280, "after": -300}}
    assert answer["decision"]["code"] == "R1_INSUFFICIENT_SURPLUS"


def test_an_import_counts_at_once_although_r2_looks_at_a_minute(house: House) -> None:
    house.decides(CLOUDY, LoadMemory("full", BLOCK - 9, BLOCK - 9))
    answer = house.answers("--set", "grid_power_w=1200")
    assert answer["decision"]["code"] == "R2_GRID_IMPORT"


def test_what_it_says_in_json_is_marked_and_whole(house: House) -> None:
    house.decides(CLOUDY)
    answer = house.answers("--set", "battery_soc_pct=40", "--set", "pv_power_w=9000", "--load", "miner")
    assert answer["hypothetical"] is True
    assert answer["set"] == {
        "battery_soc_pct": {"before": 80.0, "after": 40.0},
        "pv_power_w": {"before": 1000, "after": 9000},
    }
    assert answer["recorded"]["code"] == "R1_INSUFFICIENT_SURPLUS"
    assert answer["decision"]["code"] == "R2_HARD_RESERVE"
    assert answer["text"]["short"].startswith("The battery is at 40")
    soc = next(one for one in answer["decision"]["counterfactuals"] if one["input"] == "battery_soc_pct")
    assert (soc["action"], soc["value"]) == ("START", 58.1)


def test_without_values_it_says_what_would_have_changed_the_last_decision(house: House) -> None:
    house.decides(CLOUDY)
    code, text = house.asks()
    assert code == 0, text
    assert "Hypothetical" not in text
    assert "The miner would start at reduced power if the meter showed 500 W more export." in text


def test_without_values_it_is_the_decision_that_was_made(house: House) -> None:
    house.decides({**CLOUDY, "grid_power_w": -3000}, trigger=Trigger.RESYNC)
    answer = house.answers()
    assert {**answer["decision"], "counterfactuals": None} == {**answer["recorded"], "counterfactuals": None}
    assert answer["hypothetical"] is False


def test_with_values_it_is_a_regular_decision(house: House) -> None:
    """After a restart nothing starts before the next tick; what is asked is what the tick would do."""
    house.decides({**CLOUDY, "grid_power_w": -3000}, trigger=Trigger.RESYNC)
    answer = house.answers("--set", "pv_power_w=1001")
    assert (answer["decision"]["trigger"], answer["decision"]["action"]) == ("TICK", "START")


def test_the_mode_can_be_tried(house: House) -> None:
    house.decides({**CLOUDY, "grid_power_w": -3000})
    assert house.answers("--set", "autonomy=0")["decision"]["code"] == "MODE_SUGGESTS"


def test_a_missing_value_can_be_tried(house: House) -> None:
    house.decides(CLOUDY, required=("grid_power_w",))
    answer = house.answers("--set", "grid_power_w=none")
    assert answer["decision"]["degraded"] == ["grid_power_w"]
    assert answer["set"]["grid_power_w"] == {"before": -300, "after": None}


def test_an_age_can_be_tried_with_its_value(house: House) -> None:
    house.decides(CLOUDY, required=("grid_power_w",))
    code, text = house.asks("--set", "grid_power_w.age_s=90")
    assert code == 1
    assert "an age is set together with its value: --set grid_power_w=" in text
    answer = house.answers("--set", "grid_power_w=-300", "--set", "grid_power_w.age_s=90")
    assert answer["decision"]["degraded"] == ["grid_power_w"]


def test_contradictions_are_told(house: House) -> None:
    house.decides({**CLOUDY, "house_load_w": 700})
    _, text = house.asks("--set", "pv_power_w=5000", "--set", "grid_power_w=4300")
    assert "write into site.yaml: invert_sign: [grid_power_w] for meter." in text


def test_another_configuration_is_told(house: House) -> None:
    house.decides(CLOUDY, config_hash="another")
    assert "made under another configuration" in house.asks()[1]


def test_the_forecast_is_the_one_it_was_decided_with(house: House) -> None:
    house.decides({**CLOUDY, "grid_power_w": -2000}, forecast=Forecast(BLOCK, (100,) * 3))
    code, text = house.asks("--set", "pv_power_w=1100")
    assert code == 0, text
    assert "R4_FORECAST_LOW" in text
    assert "lacks the forecast" not in text


def test_a_forecast_that_is_gone_is_told(house: House) -> None:
    house.decides({**CLOUDY, "grid_power_w": -2000}, forecast=Forecast(BLOCK, (100,) * 3), is_archived=False)
    code, text = house.asks("--set", "pv_power_w=1100")
    assert code == 0, text
    assert "The ledger lacks the forecast it was decided with" in text
    assert house.answers()["lacks_forecast"] is True


@pytest.mark.parametrize(("soc", "code"), [("30.0", "R4_BATTERY_FIRST"), ("100", "R1_SURPLUS_OK")])
def test_the_battery_s_course_is_reckoned_anew(house: House, soc: str, code: str) -> None:
    """Two sunny hours before a night of 22 h: only a full battery has something to spare."""
    sun = Forecast(BLOCK, (3500,) * 12 + (0,) * 132, load_w=(500,) * 144)
    worth = {"hodl_ct_kwh": 1000, "import_price_ct_kwh": 2400, "export_price_ct_kwh": 800}
    (house.var.parent / "config" / "bitgrid_rules.yaml").write_text(RULES_WITH_LOW_RESERVE)
    house.config = load_config(house.var.parent / "config")
    house.decides({**CLOUDY, **worth, "grid_power_w": -2000}, forecast=sun)
    assert house.answers("--set", f"battery_soc_pct={soc}")["decision"]["code"] == code


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("pv_power_w", "write it as NAME=VALUE, for example --set pv_power_w=5000"),
        ("=5", "write it as NAME=VALUE"),
        ("pv_power_w=", "nothing is no value"),
        ("pv_power_w=much", "much is no value; give a number, true, false or none"),
        ("pv_power_w=nan", "nan is no value"),
        ("pv_power_w=1e9", "pv_power_w: "),
        ("battery_soc_pct=140", "battery_soc_pct: 140 cannot be; it lies between 0 and 100"),
        ("pv_powr_w=5000", "pv_powr_w: no such signal; known: autonomy, battery_power_w"),
        ("heater.temp_c=50", "and for each load (miner): age_s"),
        ("pv_forecast_w=3000", "a list of watts"),
        ("surplus_left_w=3000", "set grid_power_w instead"),
        ("autonomy=7", "autonomy: 0 manual, 1 assisted, 2 semi or 3 full"),
        ("autonomy=1.5", "autonomy: 0 manual"),
    ],
)
def test_what_no_house_can_have_is_refused_with_what_would_be_right(
    house: House, assignment: str, said: str
) -> None:
    house.decides(CLOUDY)
    code, text = house.asks("--set", assignment)
    assert code == 1
    assert text.startswith("Error: ")
    assert said in text


def test_an_unknown_load_is_refused_with_the_known_ones(house: House) -> None:
    code, text = house.asks("--load", "heater")
    assert (code, text) == (1, "Error: there is no load heater; site.yaml has miner\n")


def test_a_house_that_has_decided_nothing_yet_says_so(house: House) -> None:
    code, text = house.asks()
    assert code == 1
    assert "no decision on miner is recorded" in text


def test_where_nothing_runs_it_says_how_to_start(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["whatif", "--var", str(tmp_path)])
    assert done.exit_code == 1
    assert "nothing runs on this machine. Start the simulated house with: make run" in done.output


def test_a_record_of_another_version_is_no_traceback(house: House) -> None:
    house.decides(CLOUDY)
    row = DecisionRow("miner", 0, BLOCK + 1, "TICK", NOON_S + 600, json.dumps({"decision": {}, "state": {}}))
    house.ledger.append(row, "{}")
    code, text = house.asks()
    assert code == 1
    assert "recorded by a version that this one cannot read" in text


def test_nothing_is_written(house: House) -> None:
    house.decides(CLOUDY)
    house.asks("--set", "pv_power_w=5000")
    assert len(house.ledger.decisions(limit=9)) == 1
