"""First run: what is entered becomes site.yaml only when it is taken over, and nothing runs before the end."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bitgrid.bus import AutonomyRequest, ConfigureRequest, ScanReport, ScanRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, Site, load_config
from bitgrid.config.files import load_file
from bitgrid.config.load import NO_RELAY_SENTENCE
from bitgrid.config.network import WebServer
from bitgrid.config.secrets import SETUP_CODE
from bitgrid.web import Asker, HouseView, create_app
from web.living import OURS, own_places
from web.talk import SUNNY, Talk

HOUSE = {
    "name": "Haus am See",
    "language": "en",
    "latitude": "48,2",
    "longitude": "11.6",
    "timezone": "Europe/Vienna",
    "peak_w": "9000",
    "tilt_deg": "25",
    "azimuth_deg": "170",
    "capacity_wh": "",
    "import_ct_kwh": "31,5",
    "export_ct_kwh": "7",
}
LOAD = {"eco_w": "700", "full_w": "1500", "joules_per_terahash": "18,6"}
MINER, RELAY = "avalon@127.0.0.1:14028", "shelly_gen2@127.0.0.1:18081"
HYBRID = {
    "id": "hybrid",
    "kind": "sunspec",
    "host": "192.168.1.9",
    "port": 502,
    "unit_id": 1,
    "signals": ["pv_power_w", "grid_power_w"],
}
FOUND: tuple[dict[str, Any], ...] = (
    {"name": "Hybrid X", "host": "192.168.1.9", "port": 502, "note": "", "device": HYBRID},
    {"name": "Bitaxe", "host": "192.168.1.7", "port": 80, "note": "", "miner": "axeos"},
    {"name": "Plug S", "host": "192.168.1.8", "port": 80, "note": "", "relay": "shelly_gen2"},
    {"name": "Printer", "host": "192.168.1.3", "port": 80, "note": "", "needs_password": True},
)


class Wizard:
    """A person who sets a house up."""

    def __init__(self, app: Flask, talk: Talk, directory: Path) -> None:
        self.visitor, self.talk, self.directory = app.test_client(), talk, directory
        self.visitor.get("/?lang=en")

    def see(self, step: str = "house", lang: str = "en", **more: str) -> str:
        response = self.visitor.get("/setup", query_string={"step": step, "lang": lang, **more})
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def press(self, name: str, status: int = 303, /, **form: Any) -> str:
        response = self.visitor.post(f"/setup/{name}?lang=en", data=form, headers=OURS)
        assert response.status_code == status, response.get_data(as_text=True)
        return response.headers.get("Location") or response.get_data(as_text=True)

    def scanned(self, *found: dict[str, Any], asked: int = 254, is_over: bool = True) -> None:
        report = ScanReport(request_id="1", asked=asked, of=254, is_over=is_over, found=found)
        self.talk.bus.publish(self.talk.topics.scanned, report)

    @property
    def wished(self) -> ConfigureRequest:
        wished = [asked for asked in self.talk.asked if isinstance(asked, ConfigureRequest)]
        return wished[-1]

    def site(self, tmp_path: Path) -> Site:
        """The site that was asked to be written."""
        path = tmp_path / "wished.yaml"
        path.write_text(self.wished.text)
        return load_file(path, Site)


def test_every_room_has_its_sign(wizard: Wizard) -> None:
    page = wizard.see()
    wanted = set(re.findall(r'<use href="#(i-[a-z]+)"', page))
    assert "i-setup" in wanted
    assert wanted <= set(re.findall(r'<symbol id="(i-[a-z]+)"', page))


@pytest.fixture
def wizard(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, talk: Talk, tmp_path: Path
) -> Wizard:
    assert config
    places = own_places(tmp_path, first_run=True)
    own = load_config(places.config)
    app = create_app(own, view, Asker(own.site.site, bus, clock), clock, places=places)
    app.testing = True
    talk.answer(code="CONFIGURED_RESTART")
    return Wizard(app, talk, places.config)


def test_every_step_is_there_in_both_languages(wizard: Wizard, caplog: pytest.LogCaptureFixture) -> None:
    wizard.scanned(*FOUND)
    for lang in ("de", "en"):
        for step in ("house", "devices", "load", "test", "signs", "done"):
            html = wizard.see(step, lang)
            assert html.count('aria-current="step"') == 1
    assert [record.message for record in caplog.records if record.message.startswith("text ")] == []
    assert 'href="/setup?lang=en"' in wizard.see()  # the navigation leads here while the house is set up


def test_what_is_entered_becomes_the_site_only_when_it_is_taken_over(wizard: Wizard, tmp_path: Path) -> None:
    before = (wizard.directory / "site.yaml").read_text()
    assert wizard.press("house", **HOUSE) == "/setup?step=devices&lang=en"
    wizard.scanned(*FOUND)
    assert wizard.press("devices", found="0") == "/setup?step=load&lang=en"
    assert wizard.talk.asked == []
    html = wizard.press("load", 200, miner=MINER, relay=RELAY, **LOAD)
    assert 'http-equiv="refresh"' in html
    assert "/setup?step=test" in html
    assert (wizard.directory / "site.yaml").read_text() == before  # `rules` writes, nobody else
    wished = wizard.wished
    assert (wished.file, wished.actor) == ("site.yaml", "web")
    assert wished.before == hashlib.sha256(before.encode()).hexdigest()
    site = wizard.site(tmp_path)
    assert (site.name, site.language, site.location.timezone) == ("Haus am See", "en", "Europe/Vienna")
    assert (site.location.latitude, site.tariff.import_ct_kwh) == (48.2, 31.5)
    assert (site.pv[0].peak_w, site.pv[0].azimuth_deg, site.battery) == (9000, 170, None)
    assert [(device.id, device.host) for device in site.devices] == [("hybrid", "192.168.1.9")]
    (load,) = site.loads
    assert [(level.name, level.power_w) for level in load.levels] == [("eco", 700), ("full", 1500)]
    assert load.relay is not None
    assert (load.relay.auto_off_s, load.joules_per_terahash) == (120, 18.6)
    assert (site.broker.port, site.web.port) == (18830, 8080)  # what is not asked for stays


def test_a_found_miner_with_one_level_and_no_relay_needs_the_owners_word(wizard: Wizard, tmp_path: Path) -> None:
    wizard.scanned(*FOUND)
    values = {"miner": "axeos@192.168.1.7:80", "relay": "none"} | LOAD | {"eco_w": "", "full_w": "18"}
    html = wizard.press("load", 422, **values)
    assert "Choose a relay, or tick this." in html
    assert 'value="18"' in html
    assert wizard.talk.asked == []
    values["full_w"] = "90"
    wizard.press("load", 200, accept="yes", **values)
    (load,) = wizard.site(tmp_path).loads
    assert load.miner is not None
    assert (load.miner.driver, load.miner.host) == ("axeos", "192.168.1.7")
    assert (load.accept_no_relay, [level.name for level in load.levels]) == (NO_RELAY_SENTENCE, ["full"])


def test_a_heating_rod_is_a_load_without_a_miner(wizard: Wizard, tmp_path: Path) -> None:
    wizard.press("load", 200, miner="none", relay=RELAY, eco_w="", full_w="2000", joules_per_terahash="")
    (load,) = wizard.site(tmp_path).loads
    assert (load.id, load.miner, load.levels[0].power_w) == ("load", None, 2000)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"latitude": "viel"}, "This is no fitting number."),
        ({"latitude": "148"}, "location.latitude: input should be less than or equal to 90"),
        ({"timezone": "Europe/Wolkenkuckucksheim"}, "unknown time zone"),
        ({"name": ""}, "name: "),
        ({"peak_w": "6.5"}, "peak_w"),
        ({"import_ct_kwh": ""}, "This is no fitting number."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_entered_stays(
    wizard: Wizard, wrong: dict[str, str], says: str
) -> None:
    html = wizard.press("house", 422, **(HOUSE | wrong))
    assert says in html
    assert 'value="9000"' in html or "peak_w" in wrong
    assert wizard.press("house", **HOUSE)  # nothing of the wrong one is kept


def test_devices_that_cannot_tell_the_surplus_are_not_taken(wizard: Wizard) -> None:
    alone = HYBRID | {"id": "inverter", "signals": ["pv_power_w"]}
    wizard.scanned({**FOUND[0], "device": alone})
    html = wizard.press("devices", 422, found="0")
    assert "the surplus cannot be known" in html
    assert wizard.press("devices", found="9")  # none of those: what is configured stays


def test_a_scan_shows_how_far_it_is_and_what_was_found(wizard: Wizard) -> None:
    wizard.scanned(*FOUND[:1], asked=64, is_over=False)
    part = wizard.visitor.get("/setup/scan?lang=en").get_data(as_text=True)
    assert "64 of 254 addresses asked" in part
    assert 'hx-trigger="every 1s"' in part
    assert 'value="25"' in part
    assert 'http-equiv="refresh"' in wizard.see("devices")
    wizard.scanned(*FOUND)
    part = wizard.visitor.get("/setup/scan?lang=en").get_data(as_text=True)
    assert "Found: 4. 254 addresses were asked." in part
    assert "hx-trigger" not in part
    assert part.count('type="checkbox"') == 1
    for text in ("A miner, to be chosen", "A relay, to be chosen", "Asks for a password"):
        assert text in part


def test_a_scan_is_asked_for_as_it_was_entered_and_a_refusal_told(wizard: Wizard, talk: Talk) -> None:
    wizard.press("scan", targets="192.168.1.20, 192.168.2.0/24")
    request = talk.asked[-1]
    assert isinstance(request, ScanRequest)
    assert request.targets == ("192.168.1.20", "192.168.2.0/24")


def test_a_target_beyond_the_home_is_told_in_words(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, talk: Talk, tmp_path: Path
) -> None:
    talk.answer(accepted=False, code="BAD_TARGET", text="8.8.8.8 is no private address")
    places = own_places(tmp_path, first_run=True)
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=places)
    html = Wizard(app, talk, places.config).press("scan", 422, targets="8.8.8.8")
    assert "This address is not asked." in html
    assert 'value="8.8.8.8"' in html


KETTLE = {"pv_power_w": "4210.0", "battery_power_w": "1650.0"}


@pytest.mark.parametrize(
    ("noted", "says"),
    [
        ("-2310.0", "Everything counts the right way round."),
        ("1690.0", "Something counts the wrong way round."),
        ("-400.0", "Nothing can be seen from this."),
        ("nonsense", "Nothing can be seen from this."),
    ],
)
def test_the_kettle_shows_whether_the_meter_counts_the_right_way(wizard: Wizard, noted: str, says: str) -> None:
    wizard.talk.energy(SUNNY)
    assert 'name="grid_power_w" value="-310.0"' in wizard.see("signs", noted="yes")
    html = wizard.press("kettle", 200, grid_power_w=noted, **KETTLE)
    assert says in html


def test_a_meter_that_counts_the_wrong_way_is_turned(wizard: Wizard, tmp_path: Path) -> None:
    wizard.talk.energy(SUNNY)
    assert 'name="turn" value="grid_power_w"' in wizard.press("kettle", 200, grid_power_w="1690.0", **KETTLE)
    wizard.press("turn", 200, turn=["grid_power_w", "../../etc"])
    meter = next(device for device in wizard.site(tmp_path).devices if device.id == "meter")
    assert meter.invert_sign == ["grid_power_w"]


def test_without_live_values_the_kettle_says_so(wizard: Wizard) -> None:
    assert "No value comes just now" in wizard.see("signs")


def test_at_the_end_it_begins_assisted_and_the_first_run_is_over(wizard: Wizard, talk: Talk) -> None:
    assert wizard.press("finish").startswith("/?lang=en&asked=")
    autonomy, wished = talk.asked[-2:]
    assert isinstance(autonomy, AutonomyRequest)
    assert autonomy.autonomy == 1
    assert isinstance(wished, ConfigureRequest)
    assert wished.file == "flags.yaml"
    assert wished.text.count("first_run") == 1
    assert wished.text.endswith("first_run: false\n")


def test_where_the_rules_do_not_answer_the_first_run_goes_on(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, talk: Talk, tmp_path: Path
) -> None:
    bus.is_connected = False
    places = own_places(tmp_path, first_run=True)
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=places)
    wizard = Wizard(app, talk, places.config)
    html = wizard.press("finish", 422)
    assert 'role="alert"' in html
    assert "first_run: true" in (places.config / "flags.yaml").read_text()
    assert 'value="1500"' in wizard.press("load", 422, miner=MINER, relay=RELAY, **LOAD)


def test_whoever_logs_in_begins_with_the_first_run_and_once_it_is_over_with_the_house(
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, tmp_path: Path
) -> None:
    places = own_places(tmp_path, first_run=True)
    own = load_config(places.config)
    server = WebServer.model_validate({"login": "required"})
    own = dataclasses.replace(own, site=own.site.model_copy(update={"web": server}))
    keys = tmp_path / "web"
    app = create_app(own, view, Asker(config.site.site, bus, clock), clock, keys=keys, places=places)
    anna = {"name": "anna", "password": "the sun is free"}
    visitor = app.test_client()
    visitor.get("/login?lang=en")
    first = visitor.post("/begin?lang=en", data={**anna, "code": (keys / SETUP_CODE).read_text()}, headers=OURS)
    assert (first.status_code, first.headers["Location"]) == (303, "/setup?lang=en")
    assert 'href="/setup?lang=en"' in visitor.get("/?lang=en").get_data(as_text=True)
    flags = places.config / "flags.yaml"
    flags.write_text(flags.read_text().replace("first_run: true", "first_run: false"))
    assert 'href="/setup?lang=en"' not in visitor.get("/?lang=en").get_data(as_text=True)
    assert visitor.post("/login?lang=en", data=anna, headers=OURS).headers["Location"] == "/?lang=en"


def test_a_house_that_is_set_up_is_left_alone(wizard: Wizard, talk: Talk) -> None:
    flags = wizard.directory / "flags.yaml"
    flags.write_text(flags.read_text().replace("first_run: true", "first_run: false"))
    assert "BitGrid is set up." in wizard.see()
    for name in ("house", "devices", "load", "turn", "finish", "scan", "kettle"):
        assert "has been set up already" in wizard.press(name, 409)
    assert talk.asked == []
