"""Plan and what-if: what a person reads of the coming day, and the kernel's answer to other values."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from bitgrid.config import Config
from bitgrid.web.hypotheses import Hypotheses
from bitgrid.web.sliders import changed
from web.past import get, past
from web.records import Recorded, record

AT_NOON = 36


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    return record(tmp_path_factory.mktemp("data"), shipped, AT_NOON)


@pytest.fixture(scope="module")
def client(recorded: Recorded) -> FlaskClient:
    return past(recorded, recorded.config)[0].test_client()


def form(html: str) -> dict[str, str]:
    """What the form would send as it stands."""
    whole = html[html.index('<form id="whatif"') :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", whole[: whole.index("</form>")]):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in told:
            found[told["name"]] = told.get("value", "")
    return found


def query(values: dict[str, str]) -> str:
    return "/plan?" + "&".join(f"{name}={value}" for name, value in values.items())


def test_the_plan_is_the_kernels_own(client: FlaskClient, recorded: Recorded) -> None:
    shown = get(client, "/plan?lang=en")
    _app, clock = past(recorded, recorded.config)
    blocks = Hypotheses(recorded.data, clock).plan().loads["miner"]
    kinds = re.findall(r'<tr class="(on|off)"', shown.html)
    told = kinds[-len(blocks) :]
    assert told == ["off" if block.decision.level == "off" else "on" for block in blocks]
    assert 1 < len(kinds) - len(blocks) < len(blocks) / 2, "what goes on alike is one line"


def test_the_lines_follow_on_each_other_to_the_end_of_what_is_foreseen(client: FlaskClient) -> None:
    times = re.findall(r'role="rowheader">(\d\d:\d\d)–(\d\d:\d\d)<', get(client, "/plan").html)
    each = times[next(i for i, pair in enumerate(times) if i and pair[0] == times[0][0]) :]
    lines = times[: len(times) - len(each)]
    for told in (lines, each):
        assert all(before[1] == after[0] for before, after in pairwise(told))
    assert (lines[0][0], lines[-1][1]) == (each[0][0], each[-1][1])


@pytest.mark.parametrize(
    ("language", "says", "number"),
    [("de", "Eine Vorschau, kein Versprechen", r"\d+,\d"), ("en", "A preview, no promise", r"\d+\.\d")],
)
def test_it_speaks_both_languages(client: FlaskClient, language: str, says: str, number: str) -> None:
    shown = get(client, f"/plan?lang={language}")
    assert says in shown.text
    assert re.fullmatch(number, form(shown.html)["battery_soc_pct"])


def test_it_says_how_old_the_house_is_that_it_is_planned_from(recorded: Recorded) -> None:
    fresh = get(past(recorded, recorded.config)[0].test_client(), "/plan?lang=en")
    late = get(past(recorded, recorded.config, 7200)[0].test_client(), "/plan?lang=en")
    assert "the rules are silent" not in fresh.text
    assert "(60 s ago)" in fresh.text
    assert "is 2 h 01 min old, the rules are silent" in late.text


class TestWhatIf:
    """Sliders: the real kernel's answer, marked as hypothetical."""

    def test_a_form_sent_as_it_stands_changes_nothing(self, client: FlaskClient) -> None:
        for language in ("de", "en"):
            shown = get(client, query(form(get(client, f"/plan?lang={language}").html)))
            assert shown.status == 200
            assert "made-up" not in shown.html

    @pytest.mark.parametrize(
        ("moved", "says"),
        [
            (
                {"battery_soc_pct": "20"},
                "The battery is at 20 %, and 50 % of it belongs to the house: the miner stops.",
            ),
            ({"battery_soc_pct": "20,0"}, "The battery is at 20 %, and 50 % of it belongs to the house"),
            ({"miner.temp_c": "91.5"}, "The hottest chip is at 91.5 °C"),
            ({"pv_power_w": "0"}, "left over"),
            ({"import_price_ct_kwh": "70"}, "Grid power costs 70 ct/kWh"),
        ],
    )
    def test_another_value_is_decided_on(self, client: FlaskClient, moved: dict[str, str], says: str) -> None:
        shown = get(client, query(form(get(client, "/plan?lang=en").html) | moved))
        answer = shown.part("whatif-answer")
        assert says in answer
        assert "Hypothetical" in answer
        assert "In fact it was decided: " in answer

    def test_the_meter_takes_the_difference_of_a_household_that_nobody_measures(
        self, client: FlaskClient, recorded: Recorded
    ) -> None:
        before = form(get(client, "/plan?lang=en").html)
        more = str(int(before["house_load_w"]) + 1000)
        answer = get(client, query(before | {"house_load_w": more})).part("whatif-answer")
        assert '"house_load_w":{' not in recorded.rows[-1].record, "not measured in this house"
        moved = re.search(r"follows from it: grid power: (−?[\d,]+) W → (−?[\d,]+) W", answer)
        assert moved is not None
        was, then = (int(text.replace("−", "-").replace(",", "")) for text in moved.groups())
        assert then - was == 1000

    @pytest.mark.parametrize(
        ("moved", "says"),
        [
            ({"pv_power_w": "sunny"}, "no number"),
            ({"pv_power_w": "1e400"}, "no number"),
            ({"pv_power_w": "nan"}, "no number"),
            ({"battery_soc_pct": "130"}, "cannot be"),
            ({"pv_power_w": "-5"}, "cannot be"),
        ],
    )
    def test_bad_input_gets_a_sentence_and_loses_nothing(
        self, client: FlaskClient, moved: dict[str, str], says: str
    ) -> None:
        typed = form(get(client, "/plan?lang=en").html) | {"import_price_ct_kwh": "11"} | moved
        shown = get(client, query(typed))
        assert shown.status == 422
        assert says in shown.part("whatif-answer")
        kept = form(shown.html)
        assert {name: kept[name] for name in ("import_price_ct_kwh", *moved)} == {
            "import_price_ct_kwh": "11",
            **moved,
        }

    def test_markup_that_is_typed_stays_text(self, client: FlaskClient) -> None:
        shown = get(client, "/plan?lang=en&pv_power_w=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&pv_power_w.was=1")
        assert "<script>alert" not in shown.html

    def test_names_that_no_slider_has_are_passed_over(self, client: FlaskClient) -> None:
        shown = get(client, "/plan?lang=en&emergency_stop=1&surplus_left_w=5&load=toaster")
        assert (shown.status, "made-up" in shown.html) == (200, False)

    def test_htmx_is_given_its_part_alone(self, client: FlaskClient) -> None:
        headers = {"HX-Request": "true", "HX-Target": "whatif-answer"}
        part = get(client, "/plan?lang=en&pv_power_w=x&pv_power_w.was=1", **headers)
        assert part.status == 200
        assert "no number" in part.part("whatif-answer")
        assert "<table" not in part.html


def test_without_a_forecast_only_the_next_block_is_told(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands = Hypotheses.standing

    def blind(self: Hypotheses) -> object:
        known = stands(self)
        return replace(known, state=replace(known.state, forecast=None, outlook=None))

    monkeypatch.setattr(Hypotheses, "standing", blind)
    shown = get(past(recorded, recorded.config)[0].test_client(), "/plan?lang=en")
    assert "There is no forecast, so only the next block can be told." in shown.text


@pytest.mark.parametrize(
    ("language", "says"), [("de", "Noch ist nichts entschieden"), ("en", "Nothing is decided yet")]
)
def test_an_empty_house_says_so(shipped: Config, language: str, says: str) -> None:
    shown = get(past(None, shipped)[0].test_client(), f"/plan?lang={language}")
    assert (shown.status, says in shown.text) == (503, True)


def test_a_number_may_be_written_with_a_comma_or_a_true_minus() -> None:
    assert changed({"import_price_ct_kwh": "−2,5", "import_price_ct_kwh.was": "24"}) == {
        "import_price_ct_kwh": -2.5
    }
    assert changed({"pv_power_w": "", "pv_power_w.was": "5"}) == {}
