"""Explain, act, confirm: what would come of a wish, what waits for a yes, and how much the rules may do."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bitgrid.bus import AutonomyRequest, ConfirmRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.explain import LANGUAGES
from bitgrid.kernel import (
    EnergyState,
    LoadMemory,
    RuleSet,
    Signal,
    Trigger,
    decide,
    decision_record,
    to_scaled,
)
from bitgrid.web import Asker, HouseView, Places, create_app
from web.records import Recorded, record
from web.talk import MINER, NOON_S, REPOSITORY, SUNNY, Talk

OURS = {"Origin": "http://localhost"}
EMPTY = {**SUNNY, "pv_power_w": 0.0, "grid_power_w": 2000.0, "battery_power_w": 0.0}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    """A morning that ends at noon, in the sun."""
    return record(tmp_path_factory.mktemp("data"), shipped, 37, NOON_S - 36 * 600)


@pytest.fixture
def foreseeing(
    recorded: Recorded, config: Config, view: HouseView, bus: MemoryBus, clock: HeldClock
) -> FlaskClient:
    """The page of a house whose ledger it can read."""
    places = Places(recorded.data, REPOSITORY / "config")
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=places)
    app.testing = True
    return app.test_client()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").split())


def ask(client: FlaskClient, lang: str = "en", **wish: str) -> str:
    """Ask without JavaScript what would come of a wish."""
    told = {"lang": lang, "load": "miner"} | wish
    response = client.get("/wish", query_string=told)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def waits(
    level_before: str = "off", autonomy: int = 1, signals: dict[str, float] | None = None
) -> dict[str, object]:
    """A decision that waits for a yes."""
    kernel_signals = {name: Signal(to_scaled(name, value)) for name, value in (signals or SUNNY).items()}
    state = EnergyState(
        at_s=NOON_S + 5,
        block=NOON_S // 600,
        signals=kernel_signals,
        load_ids=("miner",),
        config_hash="c0ffee12deadbeef",
        autonomy=autonomy,
    )
    return decision_record(decide(state, LoadMemory(level=level_before), RuleSet(), MINER, Trigger.TICK))


class TestConsequences:
    def test_a_wish_is_shown_with_what_follows_and_asks_nothing_yet(
        self, foreseeing: FlaskClient, talk: Talk
    ) -> None:
        talk.listen()
        html = ask(foreseeing, wish="level:eco", minutes="60")
        assert "Set Miner to reduced power for 60 min?" in words(html)
        assert "Holds until 13:02. After that, as things stand:" in words(html)
        assert 'name="wish" value="level:eco"' in html
        assert 'name="minutes" value="60"' in html
        assert talk.asked == []

    def test_what_was_shown_is_what_is_asked(self, foreseeing: FlaskClient, talk: Talk) -> None:
        talk.answer(ends_at_s=NOON_S + 3600)
        form = re.search(r'<form class="wishes" method="post".*?</form>', ask(foreseeing, wish="stop"), re.DOTALL)
        assert form
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.group(0)))
        response = foreseeing.post("/override", data=fields, headers=OURS, follow_redirects=True)
        assert "Accepted, until 13:00." in response.get_data(as_text=True)
        (request,) = talk.asked
        assert (request.action, request.duration_s, request.load) == ("stop", 3600, "miner")  # type: ignore[union-attr]

    def test_a_rule_that_will_end_it_is_named_with_its_time(
        self, config: Config, bus: MemoryBus, tmp_path: Path
    ) -> None:
        """A start in the evening: the reserve ends it before morning."""
        evening = record(tmp_path, config, 87, NOON_S - 36 * 600)
        clock = HeldClock(wall_s=float(evening.ends_s))
        view = HouseView(config, bus, clock)
        places = Places(tmp_path, REPOSITORY / "config")
        app = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=places)
        told = words(ask(app.test_client(), wish="level:full", minutes="720"))
        assert re.search(r"(Autarky|Safety) will end it again, at about \d\d:\d\d \(in ", told), told

    def test_a_refusal_is_foreseen_and_may_be_tried_all_the_same(
        self, config: Config, bus: MemoryBus, tmp_path: Path
    ) -> None:
        night = record(tmp_path, config, 37, NOON_S + 9 * 3600)
        clock = HeldClock(wall_s=float(night.ends_s))
        view = HouseView(config, bus, clock)
        places = Places(tmp_path, REPOSITORY / "config")
        app = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=places)
        html = ask(app.test_client(), wish="start", minutes="60")
        assert "This would be refused now (Autarky)." in words(html), words(html)
        assert "not-granted" in html
        assert "Ask all the same" in html

    def test_htmx_gets_it_as_a_part(self, foreseeing: FlaskClient) -> None:
        query = {"lang": "de", "load": "miner", "wish": "start", "minutes": "30"}
        response = foreseeing.get("/wish", query_string=query, headers={"HX-Request": "true"})
        html = response.get_data(as_text=True)
        assert html.startswith('<div class="ask granted"')
        assert "Miner für 30 min starten?" in words(html)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_without_a_ledger_it_is_said_that_nothing_is_foreseen(
        self, client: FlaskClient, language: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        html = words(ask(client, language, wish="start"))
        said = {
            "en": "cannot be foreseen just now. Nothing is decided yet",
            "de": "vorherzusagen. Noch ist nichts",
        }
        assert said[language] in html
        assert not caplog.records

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("wish", ["start", "stop", "end", "level:eco"])
    def test_no_wish_lacks_a_text(
        self, foreseeing: FlaskClient, wish: str, language: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert "wish-" not in words(ask(foreseeing, language, wish=wish))
        assert not caplog.records

    @pytest.mark.parametrize(
        "told",
        [
            {"wish": "level"},
            {"wish": "start:eco"},
            {"wish": "start", "load": "stranger"},
            {"wish": "start", "minutes": "0"},
            {"wish": "start", "minutes": "²"},
            {"wish": "start", "minutes": "9" * 5000},
            {"autonomy": "4"},
            {"autonomy": "-1"},
            {"autonomy": ""},
            {},
        ],
    )
    def test_a_wish_that_makes_no_sense_is_not_shown(self, client: FlaskClient, told: dict[str, str]) -> None:
        response = client.get("/wish", query_string={"load": "miner", "lang": "en"} | told)
        assert response.status_code == 400
        assert "nothing was done" in response.get_data(as_text=True)


class TestPlan:
    def test_the_coming_hours_are_told_in_stretches(self, foreseeing: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        html = foreseeing.get("/?lang=en").get_data(as_text=True)
        plan = re.search(r'<ol class="plan">.*?</ol>', html, re.DOTALL)
        assert plan
        assert re.match(r"12:10–\d\d:\d\d on: full power ", words(plan.group(0))), words(plan.group(0))

    def test_without_a_forecast_that_is_said(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        assert "Nothing is foreseen beyond the next decision." in client.get("/?lang=en").get_data(as_text=True)

    def test_nothing_is_planned_from_what_is_old(
        self, foreseeing: FlaskClient, talk: Talk, clock: HeldClock
    ) -> None:
        clock.advance(3600)
        talk.all_well()
        assert '<ol class="plan">' not in foreseeing.get("/?lang=en").get_data(as_text=True)

    def test_a_house_that_is_silent_has_no_plan(
        self, foreseeing: FlaskClient, talk: Talk, clock: HeldClock
    ) -> None:
        talk.all_well()
        clock.advance(61)
        assert '<ol class="plan">' not in foreseeing.get("/?lang=en").get_data(as_text=True)


class TestWaiting:
    def test_what_waits_is_told_with_what_follows_and_a_yes(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        talk.load("off")
        talk.event(waits())
        told = words(client.get("/?lang=en").get_data(as_text=True))
        assert "Waits for a yes" in told
        assert "Once started, the device stays on for at least 30 min, except to protect." in told
        assert "Yes, start Miner: full power" in told

    def test_a_stop_that_waits_is_called_one(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        talk.event(waits("full", signals=EMPTY | {"grid_power_w": 100.0}))
        told = words(client.get("/?lang=de").get_data(as_text=True))
        assert "Ja, Miner abschalten" in told
        assert "ruht das Gerät mindestens 20 min" in told

    def test_a_yes_is_handed_to_the_rules(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        talk.event(waits())
        talk.answer(code="CONFIRMED")
        assert client.get("/?lang=en").status_code == 200
        form = {"lang": "en", "load": "miner", "level": "full"}
        html = client.post("/confirm", data=form, headers=OURS, follow_redirects=True).get_data(as_text=True)
        assert "Accepted. It is being switched." in html
        (request,) = talk.asked
        assert isinstance(request, ConfirmRequest)
        assert (request.load, request.level, request.actor) == ("miner", "full", "web")

    def test_nothing_waits_when_its_block_is_over_or_nothing_is_heard(
        self, client: FlaskClient, talk: Talk, clock: HeldClock
    ) -> None:
        talk.all_well()
        talk.event(waits())
        assert "Waits for a yes" in client.get("/?lang=en").get_data(as_text=True)
        clock.advance(480)
        talk.energy()
        talk.load("off")
        assert "Waits for a yes" not in client.get("/?lang=en").get_data(as_text=True)

    @pytest.mark.parametrize("form", [{"load": "stranger", "level": "full"}, {"load": "miner"}, {}])
    def test_a_yes_to_nothing_does_nothing(self, client: FlaskClient, talk: Talk, form: dict[str, str]) -> None:
        talk.answer()
        client.get("/?lang=en")
        assert client.post("/confirm", data=form, headers=OURS).status_code == 400
        assert talk.asked == []


class TestAutonomy:
    def test_it_is_told_and_may_be_changed_only_where_it_is_known(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        assert 'id="autonomy"' not in client.get("/?lang=en").get_data(as_text=True)
        talk.energy(autonomy=1)
        html = client.get("/?lang=en").get_data(as_text=True)
        assert "Autonomy: with your yes" in html
        assert 'value="1" aria-current="true"' in html

    @pytest.mark.parametrize("level", range(4))
    def test_each_says_what_it_would_mean_before_it_is_set(self, client: FlaskClient, level: int) -> None:
        texts = [words(ask(client, language, autonomy=str(level))) for language in LANGUAGES]
        assert all("autonomy-" not in text for text in texts)
        assert texts[0] != texts[1]

    def test_setting_it_asks_the_rules_and_tells_their_answer(self, client: FlaskClient, talk: Talk) -> None:
        talk.answer(code="AUTONOMY")
        client.get("/?lang=en")
        form = {"lang": "en", "autonomy": "2"}
        html = client.post("/autonomy", data=form, headers=OURS, follow_redirects=True).get_data(as_text=True)
        assert "Accepted. It holds from now on." in html
        (request,) = talk.asked
        assert isinstance(request, AutonomyRequest)
        assert (request.autonomy, request.actor) == (2, "web")

    @pytest.mark.parametrize("told", ["", "4", "-1", "two", "²"])
    def test_what_is_none_is_not_asked_for(self, client: FlaskClient, talk: Talk, told: str) -> None:
        talk.answer()
        client.get("/?lang=en")
        assert client.post("/autonomy", data={"autonomy": told}, headers=OURS).status_code == 400
        assert talk.asked == []

    @pytest.mark.parametrize(("autonomy", "after"), [(0, True), (1, True), (2, False), (3, False)])
    def test_the_stop_button_says_whether_the_rules_go_on_after_it(
        self, client: FlaskClient, talk: Talk, autonomy: int, after: bool
    ) -> None:
        talk.all_well()
        talk.energy(autonomy=autonomy)
        html = client.get("/?lang=en").get_data(as_text=True)
        assert ("then it stays off until somebody starts it" in html) is after


def test_forms_of_other_pages_do_nothing(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    client.get("/")
    for path in ("/confirm", "/autonomy"):
        form = {"load": "miner", "level": "full", "autonomy": "3"}
        assert client.post(path, data=form, headers={"Origin": "http://evil.example"}).status_code == 403
        assert client.post(path, data=form).status_code == 403
    assert talk.asked == []


def test_without_the_bus_a_yes_is_not_sent_and_that_is_said(
    client: FlaskClient, talk: Talk, bus: MemoryBus
) -> None:
    talk.answer()
    client.get("/?lang=en")
    bus.is_connected = False
    form = {"lang": "en", "load": "miner", "level": "full"}
    html = client.post("/confirm", data=form, headers=OURS, follow_redirects=True).get_data(as_text=True)
    assert "Not sent" in html
    assert talk.asked == []


def test_two_loads_have_plans_of_their_own(config: Config, bus: MemoryBus, talk: Talk, clock: HeldClock) -> None:
    miner = config.site.loads[0]
    heater = miner.model_copy(update={"id": "heater", "priority": 2})
    two = dataclasses.replace(config, site=config.site.model_copy(update={"loads": [miner, heater]}))
    client = create_app(two, HouseView(two, bus, clock), Asker("home", bus, clock), clock).test_client()
    talk.all_well()
    html = client.get("/?lang=en").get_data(as_text=True)
    assert html.count("Nothing is foreseen beyond the next decision.") == 2
