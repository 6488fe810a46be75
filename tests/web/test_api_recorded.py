"""What the API tells of other days, of the coming hours and of other values, out of a real ledger."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.web import Asker, HouseView, Places, create_app
from web.records import DAY, Recorded, add, record
from web.talk import REPOSITORY, Talk

TIMELINE = "/api/v1/timeline"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    return record(tmp_path_factory.mktemp("data"), shipped)


@pytest.fixture
def clock(recorded: Recorded) -> HeldClock:
    return HeldClock(wall_s=float(recorded.ends_s))


def client_of(data: Path, config: Config, bus: MemoryBus, clock: HeldClock) -> FlaskClient:
    app = create_app(
        config,
        HouseView(config, bus, clock),
        Asker(config.site.site, bus, clock),
        clock,
        places=Places(data, data / "config"),
    )
    app.testing = True
    return app.test_client()


@pytest.fixture
def client(recorded: Recorded, config: Config, bus: MemoryBus, clock: HeldClock) -> FlaskClient:
    return client_of(recorded.data, config, bus, clock)


def told(client: FlaskClient, path: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


class TestTimeline:
    def test_a_day_is_every_decision_of_it_in_order_with_its_sentence(
        self, client: FlaskClient, recorded: Recorded
    ) -> None:
        day = told(client, f"{TIMELINE}?from={DAY}")
        assert day["next"] is None
        assert [entry["id"] for entry in day["entries"]] == [row.id for row in recorded.rows]
        starts = [entry for entry in day["entries"] if entry["action"] == "START"]
        assert starts
        assert starts[0]["sentence"]["en"].startswith("The sun leaves")
        assert starts[0]["sentence"]["de"].startswith("Die Sonne lässt")
        assert starts[0]["surplus_w"] > 0
        assert 0 < starts[0]["soc_pct"] <= 100
        assert day["to_s"] - day["from_s"] == 86_400

    def test_today_is_meant_where_nothing_is_said(self, client: FlaskClient) -> None:
        assert told(client, TIMELINE) == told(client, f"{TIMELINE}?from={DAY}&to=2025-05-15")

    def test_it_comes_in_parts_that_leave_nothing_out(self, client: FlaskClient, recorded: Recorded) -> None:
        found, after = [], 0
        for _ in range(9):
            part = told(client, f"{TIMELINE}?from={DAY}&limit=30&after={after}")
            found += [entry["id"] for entry in part["entries"]]
            if part["next"] is None:
                break
            after = part["next"]
        assert found == [row.id for row in recorded.rows]

    def test_a_load_that_is_not_there_was_never_decided_on(self, client: FlaskClient) -> None:
        assert told(client, f"{TIMELINE}?from={DAY}&load=rod")["entries"] == []

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ("from=2025-05-14&to=2025-05-14", "is not after from"),
            ("from=2025-02-30", "from is no day"),
            ("from=2020-01-01&to=2025-05-14", "Ask year by year"),
            ("from=yesterday", "from: String should match"),
            ("from=2025-05-14&from=2025-05-15", "from is there more than once"),
            ("limit=0", "limit: Input should be greater"),
            ("limit=9999", "limit: Input should be less"),
            ("color=red", "color: Extra inputs"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_in_words(self, client: FlaskClient, query: str, says: str) -> None:
        assert says in told(client, f"{TIMELINE}?{query}", 422)["detail"]

    def test_a_decision_of_another_version_is_passed_over(
        self, config: Config, bus: MemoryBus, clock: HeldClock, tmp_path: Path
    ) -> None:
        house = record(tmp_path, config, 4)
        whole = json.loads(house.rows[-1].record)
        whole["decision"]["action"] = "DANCE"
        add(house, house.rows[-1], trigger="USER", at_s=house.rows[-1].at_s + 5, record=json.dumps(whole))
        client = client_of(tmp_path, config, bus, clock)
        assert len(told(client, f"{TIMELINE}?from={DAY}")["entries"]) == len(house.rows)
        odd = f"miner-0-{house.rows[-1].block}-user-{house.rows[-1].at_s + 5}"
        assert "cannot read" in told(client, f"/api/v1/explain/{odd}", 422)["detail"]


class TestExplain:
    def test_every_rule_says_why_and_the_state_and_memory_are_there(
        self, client: FlaskClient, recorded: Recorded
    ) -> None:
        row = recorded.row("START")
        whole = json.loads(row.record)
        why = told(client, f"/api/v1/explain/{row.id}")
        assert (why["record"], why["state"], why["memory"]) == (
            whole["decision"],
            whole["state"],
            whole["memory"],
        )
        assert why["ledger_seq"] == row.seq
        assert {one["action"] for one in why["counterfactuals"]} == {"HOLD"}
        assert why["texts"]["en"]["alternatives"][0].startswith("The miner would stay off if")
        assert [vote["code"] for vote in why["votes"]] == [vote["code"] for vote in whole["decision"]["votes"]]
        assert all(vote["cause"]["de"] and vote["cause"]["en"] for vote in why["votes"])
        assert why["texts"]["en"]["short"].startswith("The sun leaves")

    def test_one_that_was_heard_and_is_not_recorded_yet_is_explained_all_the_same(
        self, client: FlaskClient, talk: Talk
    ) -> None:
        record = talk.decision()
        name = told(client, "/api/v1/decisions")["decisions"][0]["id"]
        why = told(client, f"/api/v1/explain/{name}")
        assert why["record"] == record
        assert why["counterfactuals"] is None
        assert (why["memory"], why["ledger_seq"]) == (None, None)

    def test_a_name_that_nothing_bears_is_not_found(self, client: FlaskClient) -> None:
        problem = told(client, "/api/v1/explain/miner-0-1-tick-600", 404)
        assert "GET /api/v1/timeline names them" in problem["detail"]


class TestAhead:
    def test_the_next_block_is_the_first_of_the_plan(self, client: FlaskClient) -> None:
        preview, plan = told(client, "/api/v1/preview"), told(client, "/api/v1/plan?hours=12")
        assert not preview["is_old"]
        (next_block,) = preview["loads"]["miner"]
        assert plan["loads"]["miner"][0] == next_block
        assert len(plan["loads"]["miner"]) == 72
        assert next_block["sentence"]["en"]
        assert plan["loads"]["miner"][-1]["at_s"] - next_block["at_s"] == 71 * 600

    def test_other_values_are_decided_on_by_the_kernel(self, client: FlaskClient, recorded: Recorded) -> None:
        body = {"load": "miner", "set": {"pv_power_w": 9000, "battery_soc_pct": 40}}
        answer = client.post("/api/v1/whatif", json=body).get_json()
        assert answer["hypothetical"] is True
        assert answer["set"]["battery_soc_pct"]["after"] == 40
        assert answer["decision"]["code"] == "R2_HARD_RESERVE"
        assert answer["texts"]["en"]["short"].startswith("The battery is at 40")
        same = client.post("/api/v1/whatif", json={"load": "miner", "set": {}}).get_json()
        assert same["hypothetical"] is False
        assert same["decision"]["action"] == json.loads(recorded.rows[-1].record)["decision"]["action"]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"load": "rod", "set": {}}, "unknown_load"),
            ({"load": "miner", "set": {"moon_phase": 1}}, "bad_value"),
            ({"load": "miner", "set": {"pv_power_w": "much"}}, "invalid_body"),
            ({"load": "miner"}, "invalid_body"),
        ],
    )
    def test_values_that_no_house_has_are_refused(self, client: FlaskClient, body: object, code: str) -> None:
        answer = client.post("/api/v1/whatif", json=body)
        assert (answer.status_code, answer.get_json()["type"]) == (422, f"urn:bitgrid:problem:{code}")

    def test_numbers_that_are_none_are_refused(self, client: FlaskClient) -> None:
        for number in ("NaN", "Infinity", "1e999"):
            body = f'{{"load": "miner", "set": {{"pv_power_w": {number}}}}}'
            answer = client.post("/api/v1/whatif", data=body, content_type="application/json")
            assert answer.status_code == 422


class TestConfiguration:
    def test_the_one_in_force_is_told_as_it_is_archived(
        self, client: FlaskClient, talk: Talk, config: Config
    ) -> None:
        talk.energy(config_hash=config.config_hash)
        answer = told(client, "/api/v1/config")
        assert answer["is_in_force"] is True
        assert answer["config_hash"] == config.config_hash
        assert answer["rules"]["r3"]["max_temp_c"] == config.rules.r3.max_temp_c

    def test_one_that_was_just_reloaded_is_told_before_it_is_archived(
        self, config: Config, talk: Talk, bus: MemoryBus, clock: HeldClock, tmp_path: Path
    ) -> None:
        shutil.copytree(REPOSITORY / "config", tmp_path / "config")
        flags = tmp_path / "config" / "flags.yaml"
        flags.write_text(f"{flags.read_text(encoding='utf-8')}research: true\n", encoding="utf-8")
        client = client_of(tmp_path, config, bus, clock)
        talk.energy(config_hash=load_config(tmp_path / "config").config_hash)
        answer = told(client, "/api/v1/config")
        assert (answer["is_in_force"], answer["flags"]["research"]) == (True, True)
        flags.write_text("nonsense", encoding="utf-8")
        answer = told(client, "/api/v1/config")
        assert (answer["is_in_force"], answer["flags"]["research"]) == (False, False)

    def test_one_of_another_month_is_told_out_of_the_ledger(
        self, recorded: Recorded, config: Config, talk: Talk, bus: MemoryBus, clock: HeldClock
    ) -> None:
        flags = config.flags.model_copy(update={"research": True})
        client = client_of(recorded.data, dataclasses.replace(config, flags=flags), bus, clock)
        talk.energy(config_hash=recorded.config.config_hash)
        answer = told(client, "/api/v1/config")
        assert (answer["is_in_force"], answer["flags"]["research"]) == (True, False)

    def test_one_that_the_rules_did_not_name_is_not_said_to_be_in_force(
        self, client: FlaskClient, talk: Talk, clock: HeldClock, config: Config
    ) -> None:
        assert told(client, "/api/v1/config")["is_in_force"] is False
        talk.energy(config_hash="c0ffee")
        answer = told(client, "/api/v1/config")
        assert (answer["is_in_force"], answer["config_hash"]) == (False, config.config_hash)
        talk.energy(config_hash=config.config_hash)
        clock.advance(61)
        assert told(client, "/api/v1/config")["is_in_force"] is False


@pytest.mark.parametrize("path", ["timeline", "preview", "plan"])
def test_a_page_without_a_house_has_no_records(path: str, app: Flask) -> None:
    assert app.test_client().get(f"/api/v1/{path}").status_code == 503


def test_an_empty_house_has_nothing_to_tell_and_says_so(
    config: Config, bus: MemoryBus, clock: HeldClock, tmp_path: Path
) -> None:
    client = client_of(tmp_path, config, bus, clock)
    assert told(client, TIMELINE)["entries"] == []
    assert "Nothing is decided" in told(client, "/api/v1/plan", 503)["detail"]
    told(client, "/api/v1/explain/miner-0-1-tick-600", 404)
    assert told(client, "/api/v1/config")["is_in_force"] is False


def test_a_damaged_ledger_is_told_and_not_guessed_around(
    config: Config, bus: MemoryBus, clock: HeldClock, tmp_path: Path
) -> None:
    house = record(tmp_path, config, 4)
    (file,) = (house.data / "ledger").glob("*.sqlite")
    file.chmod(0o600)
    file.write_bytes(b"no database")
    client = client_of(tmp_path, config, bus, clock)
    for path in ("timeline", f"explain/{house.rows[0].id}"):
        problem = told(client, f"/api/v1/{path}", 503)
        assert problem["type"] == "urn:bitgrid:problem:records_unreadable"
