from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from bitgrid.bus import HealthStatus
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.config.load import NO_RELAY_SENTENCE
from bitgrid.explain import Explainer
from bitgrid.web import Asker, HouseView, create_app
from web.talk import NOON_S, SUNNY, Talk, decide_on


def page(client: FlaskClient, language: str = "en") -> str:
    response = client.get(f"/?lang={language}")
    assert response.status_code == 200
    return response.get_data(as_text=True).replace("\u00a0", " ")


def part(html: str, name: str) -> str:
    """One card of the page, as words."""
    found = re.search(rf'<(\w+) id="{name}".*?(?=<section|</main>|</footer>)', html, re.DOTALL)
    assert found, f"no part {name}"
    return " ".join(re.sub(r"<[^>]+>", " ", found.group(0)).split())


def test_a_running_miner_is_shown_with_power_since_lease_and_sentence(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    html = page(client)
    now = part(html, "now")
    assert "Runs: full power" in now
    assert "1.7 kW" in now
    assert "Since 11:37 (25 min)" in now
    assert "Lease still runs 38 s" in now
    assert "The sun leaves 2.0 kW over, enough for full power: the miner starts at 1,674 W." in part(html, "why")
    assert "7:50 next decision at 12:10" in part(html, "next")
    assert '<p class="alert">' not in html


def test_the_page_shows_that_a_load_has_no_relay(
    config: Config, bus: MemoryBus, clock: HeldClock, client: FlaskClient, talk: Talk
) -> None:
    load = config.site.loads[0].model_copy(update={"relay": None, "accept_no_relay": NO_RELAY_SENTENCE})
    bare = dataclasses.replace(config, site=config.site.model_copy(update={"loads": [load]}))
    app = create_app(bare, HouseView(bare, bus, clock), Asker(bare.site.site, bus, clock), clock)
    talk.all_well()
    assert "Relay none: without the appliance nothing cuts its power" in part(page(app.test_client()), "now")
    assert "Relay" not in part(page(client), "now")


def test_the_page_speaks_german_to_a_german_browser_and_to_nobody_in_particular(
    client: FlaskClient, talk: Talk
) -> None:
    talk.all_well()
    html = client.get("/", headers={"Accept-Language": "de-CH, fr;q=0.8"}).get_data(as_text=True)
    assert '<html lang="de">' in html
    assert "Die Sonne lässt" in html
    assert '<html lang="de">' in client.get("/").get_data(as_text=True)
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "en-GB"}).get_data(as_text=True)
    asked = client.get("/?lang=en", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert '<html lang="en">' in asked


def test_a_held_miner_names_the_end_of_its_hold(client: FlaskClient, talk: Talk) -> None:
    block = NOON_S // 600
    talk.energy()
    talk.load(hold_until_s=NOON_S + 1200)
    talk.decision({**SUNNY, "grid_power_w": 1900.0}, level="full", last_change_block=block - 1)
    html = page(client)
    assert "Held until 12:20" in part(html, "next")
    assert "the miner runs on at 1,674 W." in part(html, "why")


def test_the_ladder_shows_who_objected_with_value_threshold_and_margin(client: FlaskClient, talk: Talk) -> None:
    talk.energy()
    talk.load("off")
    talk.decision({**SUNNY, "battery_soc_pct": 49.0})
    html = page(client)
    assert "The battery is at 49 %, and 50 % of it belongs to the house" in part(html, "why")
    binding = re.search(r'<li class="rung no binding">.*?</li>', html, re.DOTALL)
    assert binding
    assert "49 % against 50 %, 1 % beyond" in binding.group(0)
    assert 'aria-label="objects"' in binding.group(0)
    assert html.count('class="rung') == 9


def test_a_stop_for_safety_is_red_and_names_its_lockout(client: FlaskClient, talk: Talk) -> None:
    talk.energy()
    talk.load("off", lockout_until_s=NOON_S + 3600)
    talk.decision({**SUNNY, "miner.temp_c": 86.0}, level="full", last_start_block=0)
    html = page(client)
    assert "Stopped for safety" in part(html, "now")
    assert "Locked until 13:00" in part(html, "next")
    assert "The hottest chip is at 86 °C, and 85 °C is the limit: the miner stops." in part(html, "why")


def test_a_trip_of_the_guard_is_told_in_its_words(client: FlaskClient, talk: Talk) -> None:
    talk.energy()
    talk.load("off", trip="no answer for 61 s")
    assert "Guard no answer for 61 s" in part(page(client), "now")


def test_off_is_said_only_when_it_is_confirmed(client: FlaskClient, talk: Talk) -> None:
    talk.energy()
    talk.load("off", confirmed_off=False, measured_power_w=700.0)
    assert "Stopping" in part(page(client), "now")
    talk.load("off")
    assert " Off " in part(page(client), "now")


def test_a_miner_that_draws_nothing_yet_is_starting(client: FlaskClient, talk: Talk) -> None:
    talk.energy()
    talk.load("eco", measured_power_w=12.0)
    assert "Starting: reduced power" in part(page(client), "now")


def test_a_degraded_house_names_what_is_missing(client: FlaskClient, talk: Talk) -> None:
    talk.energy(degraded=["battery_soc_pct"], surplus_w=None)
    talk.load("off")
    html = page(client)
    assert "Not measured just now: battery charge." in html
    assert "Surplus now" not in part(html, "next")


def test_before_anything_is_heard_nothing_is_claimed(client: FlaskClient) -> None:
    html = page(client)
    assert "BitGrid has not told anything yet." in html
    assert "Nothing heard yet" in part(html, "now")
    assert "No decision has been heard of yet." in part(html, "why")
    assert not re.search(r"\d W|kW", part(html, "now") + part(html, "next"))


def test_a_value_past_its_time_out_is_a_dash_with_its_age(client: FlaskClient, talk: Talk) -> None:
    talk.energy(ages={"pv_power_w": 61.0})
    talk.load()
    html = page(client)
    sun = re.search(r'<li id="flow-sun".*?</li>', html, re.DOTALL)
    assert sun
    assert 'data-way="old"' in sun.group(0)
    assert '<b class="power"><span class="live">–</span></b>' in sun.group(0)
    assert "61 s old" in sun.group(0)
    assert "4.2 kW" not in html


def test_when_the_rules_fall_silent_no_value_stays(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    talk.all_well()
    clock.advance(61)
    html = page(client)
    assert "The rules have fallen silent" in html
    assert "Not known" in part(html, "now")
    assert "Last known decision" in part(html, "why")
    assert part(html, "next") == "Next – not known"
    assert not re.search(r"[\d.]+ k?W\b", re.sub(r'(?s)<section id="(why|log)".*?</section>', "", html))
    assert "not heard" in part(html, "health")


def test_when_the_bus_is_lost_everything_greys_at_once(client: FlaskClient, talk: Talk, bus: MemoryBus) -> None:
    talk.all_well()
    bus.is_connected = False
    html = page(client)
    assert "nothing on this page is current" in html
    assert "Not known" in part(html, "now")
    assert html.count('data-way="old"') == 5


def test_what_the_broker_had_kept_is_not_live_until_it_is_said_again(
    config: Config, bus: MemoryBus, talk: Talk, clock: HeldClock
) -> None:
    talk.all_well()
    late = HouseView(config, bus, clock)
    client = create_app(config, late, Asker("home", bus, clock), clock).test_client()
    html = page(client)
    assert "Not known" in part(html, "now")
    assert "of unknown age" in part(html, "now")
    assert html.count('data-way="old"') == 5
    talk.all_well()
    assert "Runs: full power" in part(page(client), "now")


def test_a_decision_that_is_overdue_is_not_shown_as_the_present_reason(
    client: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    talk.all_well()
    clock.advance(600 - 130 + 61)
    talk.energy()
    talk.load()
    html = page(client)
    assert "Runs: full power" in part(html, "now")
    assert "Last known decision, of 12:02" in part(html, "why")


def test_the_household_is_computed_from_the_balance_and_says_so(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    house = re.search(r'<li id="flow-house".*?</li>', page(client), re.DOTALL)
    assert house
    assert "598 W" in house.group(0)  # 4210 − 310 − 1650 − 1652
    assert "consumes (computed)" in house.group(0)


def test_directions_follow_the_signs(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    html = page(client)
    for node, way in (("sun", "in"), ("grid", "out"), ("battery", "out"), ("loads", "out")):
        assert re.search(rf'id="flow-{node}"[^>]*data-way="{way}"', html), node
    talk.energy({**SUNNY, "grid_power_w": 420.0, "battery_power_w": -900.0})
    html = page(client)
    for node, way in (("grid", "in"), ("battery", "in")):
        assert re.search(rf'id="flow-{node}"[^>]*data-way="{way}"', html), node


ROD: dict[str, object] = {"id": "rod", "priority": 2, "miner": None}


@pytest.fixture
def flow_of(
    config: Config, bus: MemoryBus, clock: HeldClock, talk: Talk
) -> Callable[[list[dict[str, object]], str], str]:
    """The node of the loads, as words, in a house whose loads differ from the shipped one; each draws 1652 W.

    How long ago that was is left out.
    """

    def node(loads: list[dict[str, object]], language: str) -> str:
        changed = [config.site.loads[0].model_copy(update=load) for load in loads]
        house = dataclasses.replace(config, site=config.site.model_copy(update={"loads": changed}))
        app = create_app(house, HouseView(house, bus, clock), Asker(house.site.site, bus, clock), clock)
        talk.energy({**SUNNY, **{f"{load.id}.power_w": 1652.0 for load in changed}})
        found = re.search(r'<li id="flow-loads".*?</li>', page(app.test_client(), language), re.DOTALL)
        assert found
        return " ".join(re.sub(r"<[^>]+>|\d s ago|vor \d s", " ", found.group(0)).split())

    return node


@pytest.mark.parametrize(
    ("loads", "english", "german"),
    [
        ([{}], "Miner 1.7 kW mining", "Miner 1,7 kW beim Schürfen"),
        ([ROD], "rod 1.7 kW consumption", "rod 1,7 kW Verbrauch"),
        ([{}, {"id": "second", "priority": 2}], "Miners 3.3 kW mining", "Miner 3,3 kW beim Schürfen"),
        ([{}, ROD], "Loads 3.3 kW consumption", "Lasten 3,3 kW Verbrauch"),
    ],
)
def test_nothing_is_called_a_miner_that_is_none(
    flow_of: Callable[[list[dict[str, object]], str], str],
    loads: list[dict[str, object]],
    english: str,
    german: str,
) -> None:
    assert (flow_of(loads, "en"), flow_of(loads, "de")) == (english, german)


def test_a_heating_rod_alone_is_no_miner_in_the_sentence_either(config: Config) -> None:
    rod = config.site.loads[0].model_copy(update={"id": "rod", "miner": None})
    alone = Explainer(config.site.model_copy(update={"loads": [rod]}))
    assert (alone.load_name("rod", "en"), alone.load_name("rod", "de")) == ("rod", "rod")
    assert Explainer(config.site).load_name("miner", "en") == "the miner"


def test_the_log_keeps_the_last_twenty_newest_first(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    for _ in range(25):
        talk.decision(level="off")
        clock.advance(600)
    rows = re.findall(r"<li><time>(\d\d:\d\d)</time>", page(client))
    assert len(rows) == 20
    assert rows == sorted(rows, reverse=True)


def test_the_same_decision_said_twice_is_one(client: FlaskClient, talk: Talk) -> None:
    record = talk.decision()
    talk.event(record)
    assert page(client).count("<li><time>") == 1


def test_the_health_strip_tells_who_is_well_and_why_not(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    talk.health("guard", HealthStatus.ERROR, "connection lost")
    strip = part(page(client), "health")
    assert "guard connection lost" in strip
    assert "poller loads" in strip
    assert "Configuration c0ffee12" in strip


def test_hostile_text_from_the_bus_stays_text(client: FlaskClient, talk: Talk) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x>"
    talk.energy(degraded=[evil], config_hash=evil)
    talk.load(trip=evil, level=evil)
    talk.health("web", HealthStatus.ERROR, evil)
    talk.event(decide_on(NOON_S, SUNNY) | {"code": "R9_EVIL"}, decision_id=evil)
    talk.event(decide_on(NOON_S, SUNNY) | {"code": evil}, decision_id="second")
    html = page(client)
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<li><time>") == 1, "a record with a hostile code is no record"


def test_loads_and_components_that_are_not_of_this_house_are_not_kept(view: HouseView, talk: Talk) -> None:
    talk.load("full", load="stranger")
    talk.health("stranger")
    house = view.snapshot()
    assert house.loads == {}
    assert house.health == {}


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_state_of_the_house_lacks_a_text(
    client: FlaskClient, talk: Talk, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    talk.all_well()
    for level, more in (
        ("full", {}),
        ("off", {}),
        ("off", {"confirmed_off": False, "measured_power_w": None}),
        ("eco", {"measured_power_w": 0.0, "override": {"ends_at_s": NOON_S + 60}}),
        ("eco", {"measured_power_w": None, "override": {"ends_at_s": "soon"}}),
        ("off", {"lockout_until_s": NOON_S + 600, "trip": "heat"}),
    ):
        talk.load(level, **more)
        for grid_w, battery_w in ((500.0, -500.0), (0.0, 0.0), (-500.0, 500.0)):
            talk.energy({**SUNNY, "grid_power_w": grid_w, "battery_power_w": battery_w, "pv_power_w": grid_w})
            page(client, language)
    assert not caplog.records


def test_under_an_override_the_page_offers_to_end_it(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    assert "End what was asked by hand" not in page(client)
    talk.load(override={"vote": "level", "level": "full", "ends_at_s": NOON_S + 1800})
    html = page(client)
    assert "End what was asked by hand" in html
    assert "By hand until 12:30" in part(html, "now")


def test_the_emergency_stop_is_acknowledged_only_while_it_is_on(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    assert "Acknowledge the emergency stop" not in page(client)
    talk.energy({**SUNNY, "emergency_stop": 1.0})
    assert "Acknowledge the emergency stop" in page(client)


def test_the_forecast_is_shown_where_there_is_one(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    assert "Sun in the block after" not in page(client)
    talk.energy({**SUNNY, "pv_forecast_w": [4000.0, 3100.0, 2000.0]})
    assert "Sun in the block after 3.1 kW" in part(page(client), "next")
    talk.energy({**SUNNY, "pv_forecast_w": [4000.0, 3100.0, 2000.0]}, old=["pv_forecast_w"])
    assert "Sun in the block after" not in page(client)


def test_prices_and_forecasts_stand_with_who_told_them_and_how_old_they_are(
    client: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    told = {
        "import_price_ct_kwh": 31.2, "export_price_ct_kwh": 8.0, "miner.sats_per_kwh": 42.0,
        "pv_forecast_w": [3000.0] * 144, "load_forecast_w": [600.0] * 6,
    }  # fmt: skip
    sources = {
        "import_price_ct_kwh": "Energy-Charts", "export_price_ct_kwh": "site.yaml", "miner.sats_per_kwh": "node",
        "pv_forecast_w": "learned from 41 days, persistence where that was better and open-meteo",
        "load_forecast_w": "learned from 1 day",
    }  # fmt: skip
    ages = {"import_price_ct_kwh": 18_000.0, "miner.sats_per_kwh": 40 * 86_400.0}
    talk.energy({**SUNNY, **told}, sources=sources, ages=ages, old=["miner.sats_per_kwh"])
    ahead = part(page(client), "ahead")
    assert "Electricity costs 31.2 ct/kWh Energy-Charts, 5 h 00 min old" in ahead
    assert "Feeding in earns 8 ct/kWh your fixed tariff Sun" in ahead
    assert "Miner: a kWh brings 42 sats/kWh node, 40 days old: too old to decide by" in ahead
    words = "learned from 41 days, as before where that was better and open-meteo, 2 s old"
    assert f"Sun, coming hour 3 kWh {words} Sun, coming 24 h 72 kWh" in ahead
    assert "Household, coming hour 0.6 kWh learned from one day, 2 s old" in ahead
    assert "Household, coming 24 h" not in ahead
    clock.advance(1300)  # nothing more is heard: two blocks on, four of the household's six are left
    later = part(page(client), "ahead")
    assert "Electricity costs 31.2 ct/kWh Energy-Charts, 5 h 21 min old: too old to decide by" in later
    assert "Household" not in later


@pytest.mark.parametrize(
    ("source", "german"),
    [
        ("site.yaml", "fester Tarif"),
        ("fixed tariff", "fester Tarif"),
        ("time of use", "Tarif nach Tageszeit"),
        ("policies.yaml", "selbst eingetragen"),
        (
            "aWATTar until 2025-06-17 00:00, then fixed price",
            "aWATTar bis 2025-06-17 00:00, danach der feste Preis",
        ),
        (
            "fixed price since 2026-01-12 00:00: x-market has not answered since 2026-01-10 13:07 (no network)",
            "fester Preis seit 2026-01-12 00:00: keine Antwort von x-market",
        ),
        ("clear sky, days measured: 3", "klarer Himmel, 3 Tage gemessen"),
        ("clear sky of the roof in site.yaml and open-meteo", "klarer Himmel über dem Dach und open-meteo"),
        ("mempool.space, 18.5 J/TH", "mempool.space, 18.5 J/TH"),
    ],
)
def test_sources_are_named_in_the_language_of_the_page(
    client: FlaskClient, talk: Talk, source: str, german: str
) -> None:
    talk.energy({**SUNNY, "import_price_ct_kwh": 30.0}, sources={"import_price_ct_kwh": source})
    assert f"Strom kostet 30 ct/kWh {german}" in part(page(client, "de"), "ahead")


def test_the_first_load_is_small(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    html = client.get("/").data
    files = re.findall(rb'(?:src|href)="(/static/[^"]+)"', html)
    assert len(files) == 6
    total = len(html)
    for file in files:
        if b"icon-" in file:
            continue  # a browser asks for it when the page is installed
        with client.get(file.decode()) as response:
            assert response.status_code == 200
            total += len(response.data)
    assert total < 100_000


def test_a_house_with_two_loads_shows_both_and_their_sum(
    config: Config, bus: MemoryBus, talk: Talk, clock: HeldClock
) -> None:
    miner = config.site.loads[0]
    heater = miner.model_copy(update={"id": "heater", "priority": 2})
    two = dataclasses.replace(config, site=config.site.model_copy(update={"loads": [miner, heater]}))
    view = HouseView(two, bus, clock)
    client = create_app(two, view, Asker("home", bus, clock), clock).test_client()
    talk.all_well()
    html = page(client)
    assert "miner Runs: full power" in part(html, "now")
    assert "heater Nothing heard yet" in part(html, "now")
    assert re.search(r'id="flow-loads"[^>]*data-way="old"', html), "half a sum is no sum"
    talk.load("eco", load="heater", measured_power_w=790.0)
    html = page(client)
    assert "2.4 kW" in html
    assert html.count('class="stop"') == 2
    assert "miner starts at 1,674 W." in part(html, "why")
