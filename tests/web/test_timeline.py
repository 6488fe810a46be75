"""Timeline: a day, its decisions, each explained in three depths and derived again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from bitgrid.config import Config
from bitgrid.kernel import canonical_json
from bitgrid.web.band import band
from bitgrid.web.days import Days
from web.past import Shown, get, past
from web.records import DAY, MORNING_S, Recorded, add, record

MIDNIGHT_S = MORNING_S + 18 * 3600
URL = f"/timeline?lang=en&day={DAY}"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    """From six in the morning for twenty hours: into the day after."""
    return record(tmp_path_factory.mktemp("data"), shipped, 120)


@pytest.fixture(scope="module")
def client(recorded: Recorded) -> FlaskClient:
    return past(recorded, recorded.config)[0].test_client()


def ids(shown: Shown) -> list[str]:
    """The decisions of the list."""
    return re.findall(r'<li><a href="[^"]*at=([^"#]+)#picked"', shown.html)


def test_the_newest_day_is_shown_where_none_is_named(client: FlaskClient) -> None:
    assert 'value="2025-05-15"' in get(client, "/timeline").html
    assert 'value="2025-05-14"' in get(client, URL).html


@pytest.mark.parametrize(("language", "says"), [("de", "Verlauf eines Tages"), ("en", "A day, block by block")])
def test_it_speaks_both_languages(client: FlaskClient, language: str, says: str) -> None:
    assert says in get(client, f"/timeline?lang={language}&day={DAY}").text


def test_each_block_that_was_decided_has_its_cell(client: FlaskClient, recorded: Recorded) -> None:
    shown = get(client, URL)
    of_day = [row.id for row in recorded.rows if row.at_s < MIDNIGHT_S]
    assert re.findall(r'data-at="([^"]+)"', shown.html) == of_day
    assert shown.html.count('class="lane ') == 5, "decision, rule, surplus, battery, price"


def test_the_switches_are_listed_and_more_where_more_is_asked(client: FlaskClient, recorded: Recorded) -> None:
    switches = [row.id for row in recorded.rows if '"action":"HOLD"' not in row.record]
    assert ids(get(client, URL)) == [each for each in switches if each in ids(get(client, f"{URL}&show=all"))]
    assert len(ids(get(client, f"{URL}&show=all"))) == sum(row.at_s < MIDNIGHT_S for row in recorded.rows)
    assert ids(get(client, f"{URL}&show=between")) == []


def test_a_rule_can_be_picked_out(client: FlaskClient, recorded: Recorded) -> None:
    rules = {row.id: json.loads(row.record)["decision"]["rule"] for row in recorded.rows if row.at_s < MIDNIGHT_S}
    rule = next(rule for rule in rules.values() if rule != "R1")
    shown = get(client, f"{URL}&show=all&rule={rule}")
    assert ids(shown) == [each for each, by in rules.items() if by == rule]
    assert shown.html.count('"hit dim"') == len(rules) - len(ids(shown)), "the rest is dimmed in the band"


class TestOneDecision:
    """Picked: its whole record."""

    def test_in_three_depths(self, client: FlaskClient, recorded: Recorded) -> None:
        row = recorded.row("START")
        shown = get(client, f"{URL}&at={row.id}")
        told = shown.part("picked")
        assert "the miner starts at" in told
        assert "Safety no safety limit is touched" in told, "the ladder"
        assert "The miner would stay off if" in told, "by the kernel's counterfactuals, which no record holds"
        assert "battery_soc_pct" in told, "technical"
        assert '"config_hash"' in told, "the record itself"

    def test_its_neighbours_are_a_step_away(self, client: FlaskClient, recorded: Recorded) -> None:
        shown = get(client, f"{URL}&at={recorded.rows[10].id}")
        assert re.search(rf'id="step-before"[^>]*at={recorded.rows[9].id}#', shown.html)
        assert re.search(rf'id="step-after"[^>]*at={recorded.rows[11].id}#', shown.html)
        assert 'id="step-before"' not in get(client, f"{URL}&at={recorded.rows[0].id}").html

    def test_it_is_found_without_its_day(self, client: FlaskClient, recorded: Recorded) -> None:
        row = recorded.rows[3]
        assert row.id in get(client, f"/timeline?at={row.id}").part("picked")

    def test_replayed_it_is_the_same_bytes(self, client: FlaskClient, recorded: Recorded) -> None:
        row = recorded.row("START")
        told = get(client, f"{URL}&at={row.id}&replay=1").part("replay")
        size = f"{len(row.record.encode()):,}"
        assert f"The same {size} bytes: exactly the same was decided." in told
        assert "The same" not in get(client, f"{URL}&at={row.id}").part("replay"), "only where it was asked for"


def tampered(row_record: str, **decision: object) -> str:
    told = json.loads(row_record)
    told["decision"] |= decision
    return canonical_json(told)


class TestARecordThatIsNotWhatTheRulesDecide:
    """Each is shown all the same, and replay says what is wrong with it."""

    @pytest.fixture
    def house(self, tmp_path: Path, recorded: Recorded) -> Recorded:
        return record(tmp_path, recorded.config, 12)

    def replay(self, house: Recorded, text: str) -> Shown:
        first = house.rows[0]
        row = replace(first, trigger="USER", at_s=first.at_s + 30, record=text)
        add(house, row)
        client = past(house, house.config)[0].test_client()
        shown = get(client, f"{URL}&at={row.id}&replay=1")
        assert shown.status == 200
        return shown

    def test_another_value_is_shown_beside_what_is_derived(self, house: Recorded) -> None:
        told = tampered(house.rows[0].record, trigger="USER", level="full", power_w=1.0)
        shown = self.replay(house, told).part("replay")
        assert "Something else was decided than is recorded." in shown
        assert 'level "full" "off"' in shown
        assert "power_w 1.0 0" in shown

    def test_the_same_in_another_form_is_not_the_same_bytes(self, house: Recorded) -> None:
        row = house.rows[1]
        client = past(house, house.config)[0].test_client()
        spaced = replace(row, trigger="PROTECT", record=json.dumps(json.loads(row.record), indent=1))
        add(house, spaced)
        assert "exactly the same" not in get(client, f"{URL}&at={spaced.id}&replay=1").part("replay")

    def test_one_without_its_configuration_cannot_be_derived(self, house: Recorded) -> None:
        told = json.loads(house.rows[0].record)
        told["state"]["config_hash"] = "0" * 64
        shown = self.replay(house, canonical_json(told)).part("replay")
        assert "It cannot be decided again." in shown
        assert "is not in the archive" in shown

    @pytest.mark.parametrize("text", ["{}", "no json", "[1]", '{"decision": {}, "state": {}, "memory": {}}'])
    def test_one_that_is_no_record_is_said_to_be_unreadable(self, house: Recorded, text: str) -> None:
        shown = self.replay(house, text)
        assert "cannot read" in shown.part("picked")
        assert "It cannot be decided again." in shown.part("replay")

    def test_of_two_in_a_block_both_are_there(self, house: Recorded) -> None:
        shown = self.replay(house, tampered(house.rows[0].record, trigger="USER"))
        assert "More than one decision was made in this block" in shown.part("picked")


@pytest.mark.parametrize(
    "day", ["yesterday", "2025-02-30", "1999-01-01", "2031-01-01", "2025-05-14T00:00", "٢٠٢٥"]
)
def test_a_day_that_is_none_is_said_and_the_last_one_shown(client: FlaskClient, day: str) -> None:
    shown = get(client, f"/timeline?lang=en&day={day}")
    assert shown.status == 422
    assert "That is no day this house knows" in shown.text
    assert "05-15" in shown.html


@pytest.mark.parametrize(
    "at", ["nothing", "miner-0-1-tick-1747195200", "miner-0-1-tick-99999999999999999999", "²"]
)
def test_a_decision_that_is_none_is_said(client: FlaskClient, at: str) -> None:
    shown = get(client, f"{URL}&at={at}")
    assert (shown.status, "That decision is not in" in shown.text) == (422, True)


def test_what_is_no_filter_is_as_if_it_had_not_been_asked(client: FlaskClient) -> None:
    odd = get(client, f"{URL}&load=<b>&show='&rule=R9")
    assert odd.status == 200
    assert ids(odd) == ids(get(client, URL))
    assert "<b>" not in odd.html.replace("<b>BitGrid</b>", "")


def test_htmx_is_answered_with_what_it_shows(client: FlaskClient) -> None:
    assert get(client, "/timeline?day=never", **{"HX-Request": "true"}).status == 200


def test_a_day_before_everything_says_so_and_leads_back(client: FlaskClient) -> None:
    shown = get(client, "/timeline?lang=en&day=2025-05-01")
    assert "Nothing was decided on this day." in shown.text
    assert "day=2025-05-15" in shown.html


def test_days_can_be_walked_within_what_there_is(client: FlaskClient) -> None:
    first = get(client, URL).html
    assert 'id="day-before"' not in first
    assert re.search(r'id="day-after"[^>]*day=2025-05-15', first)
    assert 'id="day-after"' not in get(client, "/timeline?day=2025-05-15").html


def test_a_house_without_data_says_that_nothing_was_decided(shipped: Config) -> None:
    shown = get(past(None, shipped)[0].test_client(), "/timeline?lang=en")
    assert (shown.status, "Nothing was decided on this day." in shown.text) == (200, True)


def test_a_ledger_that_cannot_be_read_is_said_so(tmp_path: Path, shipped: Config, recorded: Recorded) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "2025-05.sqlite").write_bytes(b"not a database" * 100)
    app, _clock = past(Recorded(tmp_path, shipped, recorded.rows), shipped)
    shown = get(app.test_client(), "/timeline?lang=en")
    assert shown.status == 503
    assert "The ledger cannot be read" in shown.text


@pytest.mark.parametrize(("day", "blocks"), [("2025-03-30", 138), ("2025-10-26", 150), (DAY, 144)])
def test_a_day_has_as_many_blocks_as_it_is_long(tmp_path: Path, day: str, blocks: int) -> None:
    """The clocks change in March and October; each hour is written once below the band."""
    zone = ZoneInfo("Europe/Berlin")
    drawn = band(Days(tmp_path, zone).read(date.fromisoformat(day)), "miner", 600, zone, 1674)
    assert len(drawn.cells) == blocks
    assert [hour for _x, hour in drawn.hours] == [f"{hour:02}" for hour in range(0, 24, 3)]
    assert not drawn.lanes[2:], "of nothing there is nothing to draw but the empty lanes"


def test_a_load_that_the_house_has_no_more_keeps_its_past(tmp_path: Path, recorded: Recorded) -> None:
    house = record(tmp_path, recorded.config, 3)
    row = house.rows[0]
    told = json.loads(row.record)
    told["decision"]["load"] = "heating-rod"
    add(house, replace(row, load="heating-rod", record=canonical_json(told)))
    shown = get(past(house, house.config)[0].test_client(), f"{URL}&load=heating-rod&show=all")
    assert ids(shown) == [replace(row, load="heating-rod").id]


def test_it_is_there_while_the_bus_is_not(recorded: Recorded) -> None:
    """What is past is read from the ledger, whoever is silent now."""
    app, _clock = past(recorded, recorded.config)
    app.extensions["bitgrid"].asker._bus.is_connected = False
    for path in (URL, "/plan?lang=en"):
        assert get(app.test_client(), path).status == 200
