"""`bitgrid doctor`: each check sees what is wrong and says how to mend it."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.clock import HeldClock
from bitgrid.config import DeviceConfig, LoadConfig, Site, load_config
from bitgrid.config.secrets import DIRECTORY_VARIABLE
from bitgrid.devices.errors import DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.ports import About, MinerReading, RelayReading, RelaySettings
from bitgrid.ops.checks import house, machine
from bitgrid.ops.checks.finding import Finding, Verdict, error, ok, render
from bitgrid.ops.checks.hands import RealHands
from bitgrid.ops.checks.machine import Places
from bitgrid.ops.commands import doctor

READING = MinerReading(power_w=801.0, temp_c=61.5, hashrate_ths=43.0, is_asleep=False)
SOUND = RelaySettings(auto_off_s=120, starts_open=True)
NOW = HeldClock(wall_s=1_795_000_000)


class Hands:
    """Devices in the hand: each answers, or fails as told."""

    def __init__(self) -> None:
        self.broker_problem: str | None = None
        self.device_error: Exception | None = None
        self.told_about: About | None = None
        self.miner_error: Exception | None = None
        self.relay_error: Exception | None = None
        self.relay_reading, self.settings = RelayReading(is_closed=True, power_w=None), SOUND

    def broker(self, _host: str, _port: int) -> str | None:
        return self.broker_problem

    def device(self, device: DeviceConfig) -> Mapping[str, float]:
        if self.device_error and device.id == "meter":
            raise self.device_error
        return dict.fromkeys(device.signals, 7.0)

    def about(self, device: DeviceConfig) -> About | None:
        return self.told_about if device.id == "inverter" else None

    def miner(self, _load: LoadConfig) -> MinerReading:
        if self.miner_error:
            raise self.miner_error
        return READING

    def relay(self, _load: LoadConfig) -> tuple[RelayReading, RelaySettings]:
        if self.relay_error:
            raise self.relay_error
        return self.relay_reading, self.settings


@pytest.fixture
def hands() -> Hands:
    return Hands()


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict is Verdict.ERROR]


def test_a_sound_house_is_found_sound(site: Site, hands: Hands) -> None:
    findings = [*house.broker(site, hands), *house.devices(site, hands), *house.loads(site, hands)]
    assert {finding.verdict for finding in findings} == {Verdict.OK}
    assert [finding.subject for finding in findings] == [
        "broker", "inverter", "battery", "meter", "miner relay", "miner",
    ]  # fmt: skip
    assert findings[-1].text == "127.0.0.1:14028: 801.0 W, 61.5 °C, 43.0 TH/s"


def test_a_broker_that_is_away_is_an_error_with_a_command(site: Site, hands: Hands) -> None:
    hands.broker_problem = "takes no connection"
    (found,) = house.broker(site, hands)
    assert (found.verdict, found.command) == (Verdict.ERROR, "sudo systemctl restart mosquitto")


def test_on_an_appliance_it_is_a_unit_of_its_own(site: Site, hands: Hands) -> None:
    hands.broker_problem = "takes no connection"
    site = site.model_copy(update={"broker": site.broker.model_copy(update={"log_in": "password"})})
    (found,) = house.broker(site, hands)
    assert found.command == "sudo systemctl restart bitgrid-broker"


def test_on_an_appliance_who_may_not_reach_the_devices_accuses_none(
    monkeypatch: pytest.MonkeyPatch, config_dir: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "_is_appliance", lambda _: True)
    monkeypatch.setattr(doctor, "firewall", lambda *_, **__: iter(()))
    patient = doctor.Patient(config_dir, Places(tmp_path, tmp_path, tmp_path), is_running=True)
    found = {finding.subject: finding for finding in doctor.examine(patient)}
    assert found["house"].command == "sudo -u bitgrid-io bitgrid doctor"
    assert not {"broker", "meter", "miner"} & set(found)


def test_a_silent_meter_is_named_and_the_others_are_looked_at_all_the_same(site: Site, hands: Hands) -> None:
    hands.device_error = DeviceSilent("meter: timed out")
    found = {finding.subject: finding for finding in house.devices(site, hands)}
    assert found["meter"].verdict is Verdict.ERROR
    assert "switched on and in this network" in found["meter"].advice
    assert found["inverter"].verdict is Verdict.OK


def test_something_else_at_the_meters_address_is_told_apart_from_silence(site: Site, hands: Hands) -> None:
    hands.device_error = DeviceNonsense("no SunSpec")
    (found,) = errors(list(house.devices(site, hands)))
    assert "kind, port and unit_id" in found.advice


def inverter(limit_pct: float | None) -> About:
    return About("Fronius", "Symo GEN24 10.0", "1", 10_000, 10_000, limit_pct, (1, 103))


def test_an_inverter_that_somebody_holds_down_is_told(site: Site, hands: Hands) -> None:
    hands.told_about = inverter(60)
    found = [finding for finding in house.devices(site, hands) if finding.subject == "inverter"]
    assert [finding.verdict for finding in found] == [Verdict.OK, Verdict.WARN]
    assert found[0].text.endswith("(Fronius Symo GEN24 10.0, 10000 W)")
    assert "held down to 60 %" in found[1].text


@pytest.mark.parametrize("limit_pct", [None, 100.0])
def test_an_inverter_that_nobody_holds_down_is_all_right(
    site: Site, hands: Hands, limit_pct: float | None
) -> None:
    hands.told_about = inverter(limit_pct)
    assert {finding.verdict for finding in house.devices(site, hands)} == {Verdict.OK}


@pytest.mark.parametrize("auto_off_s", [None, 600.0])
def test_a_relay_that_would_not_open_by_itself_in_time_is_an_error(
    site: Site, hands: Hands, auto_off_s: float | None
) -> None:
    hands.settings = RelaySettings(auto_off_s, starts_open=True)
    (found,) = errors(list(house.loads(site, hands)))
    assert "Set auto off to 120 s at http://127.0.0.1:18081/" in found.advice


def test_a_relay_that_closes_after_a_power_cut_is_an_error(site: Site, hands: Hands) -> None:
    hands.settings = RelaySettings(120, starts_open=False)
    (found,) = errors(list(house.loads(site, hands)))
    assert "Set the power-on default to off" in found.advice


def test_a_silent_relay_is_an_error(site: Site, hands: Hands) -> None:
    hands.relay_error = DeviceSilent("timed out")
    (found,) = errors(list(house.loads(site, hands)))
    assert found.subject == "miner relay"


def test_a_miner_whose_relay_is_open_may_be_silent(site: Site, hands: Hands) -> None:
    hands.miner_error = DeviceSilent("timed out")
    assert len(errors(list(house.loads(site, hands)))) == 1, "its relay is closed"
    hands.relay_reading = RelayReading(is_closed=False, power_w=None)
    assert errors(list(house.loads(site, hands))) == []


def test_a_miner_that_talks_nonsense_is_an_error_even_behind_an_open_relay(site: Site, hands: Hands) -> None:
    hands.miner_error, hands.relay_reading = DeviceNonsense("?"), RelayReading(is_closed=False, power_w=None)
    assert len(errors(list(house.loads(site, hands)))) == 1


@pytest.mark.parametrize(("power_w", "warned"), [(None, 1), (0.0, 0)])
def test_a_load_of_which_only_a_relay_without_a_meter_is_known_is_told_of(
    site: Site, hands: Hands, power_w: float | None, warned: int
) -> None:
    rod = site.loads[0].model_copy(update={"miner": None})
    hands.relay_reading = RelayReading(is_closed=True, power_w=power_w)
    found = list(house.loads(site.model_copy(update={"loads": [rod]}), hands))
    assert len([one for one in found if one.verdict is Verdict.WARN and "has no meter" in one.text]) == warned
    assert errors(found) == []


def test_a_load_without_a_relay_is_told_of_though_it_was_accepted(site: Site, hands: Hands) -> None:
    bare = site.model_copy(update={"loads": [site.loads[0].model_copy(update={"relay": None})]})
    first, second = house.loads(bare, hands)
    assert (first.verdict, second.verdict) == (Verdict.WARN, Verdict.OK)


@pytest.mark.parametrize(
    ("answer", "verdict"), [("yes", Verdict.OK), ("no", Verdict.WARN), (None, Verdict.WARN), ("", Verdict.WARN)]
)
def test_the_clock_is_believed_when_the_system_says_it_is_synchronized(
    answer: str | None, verdict: Verdict
) -> None:
    (found,) = machine.clock(NOW, lambda _command: answer)
    assert found.verdict is verdict


def test_a_clock_that_starts_in_the_past_is_an_error() -> None:
    (found,) = machine.clock(HeldClock(wall_s=0), lambda _command: "yes")
    assert found.verdict is Verdict.ERROR


Usage = namedtuple("Usage", "total used free")  # noqa: PYI024  as shutil returns it


@pytest.mark.parametrize(
    ("free_b", "verdict"), [(10**10, Verdict.OK), (3 * 10**8, Verdict.WARN), (10**7, Verdict.ERROR)]
)
def test_a_disk_that_fills_up_is_told_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_b: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**11, 0, free_b))
    assert next(iter(machine.disk(tmp_path / "not" / "yet"))).verdict is verdict


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert [found.verdict for found in machine.disk(tmp_path)][-1] is Verdict.ERROR
    assert [found.verdict for found in machine.disk(tmp_path, must_write=False)] == [Verdict.OK]


def test_secrets_and_data_that_others_could_reach_are_errors(tmp_path: Path) -> None:
    places = Places(tmp_path / "data", tmp_path / "run", tmp_path / "secrets")
    for directory in (places.data, places.run, places.secrets):
        directory.mkdir(mode=0o700)
    key = places.secrets / "token"
    key.write_text("x")
    key.chmod(0o600)
    assert errors(list(machine.permissions(places))) == []
    key.chmod(0o640)
    places.data.chmod(0o777)
    wrong = {found.subject: found.command for found in errors(list(machine.permissions(places)))}
    assert wrong == {"secrets": f"chmod go-rwx {key}", "data": f"chmod o-w {places.data}"}


def test_an_appliances_secrets_lie_in_directories_that_may_be_passed_but_not_listed(tmp_path: Path) -> None:
    own = tmp_path / "secrets" / "bitgrid-io"
    own.mkdir(parents=True)
    (tmp_path / "secrets").chmod(0o711)
    own.chmod(0o750)
    (own / "broker-poller").touch(mode=0o600)
    places = Places(tmp_path / "data", tmp_path / "run", tmp_path / "secrets")
    assert errors(list(machine.permissions(places))) == []
    own.chmod(0o755)
    (own / "broker-poller").chmod(0o644)
    wrong = [found.command for found in errors(list(machine.permissions(places)))]
    assert wrong == [f"chmod g-w,o-rw {own}", f"chmod go-rwx {own / 'broker-poller'}"]


def test_what_is_not_there_need_not_be_closed(tmp_path: Path) -> None:
    assert list(machine.permissions(Places(tmp_path / "a", tmp_path / "b", tmp_path / "c"))) == []


def test_a_missing_program_comes_with_the_line_that_installs_it() -> None:
    found = list(machine.programs(["sh", "no-such-program"]))
    assert [one.verdict for one in found] == [Verdict.OK, Verdict.ERROR]
    assert found[1].command == "sudo apt-get install no-such-program"


def test_a_command_that_fails_or_is_missing_says_nothing() -> None:
    assert machine.run_command(["echo", "yes"]) == "yes"
    assert machine.run_command(["false"]) is None
    assert machine.run_command(["no-such-program"]) is None


def test_a_command_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PATIENCE_S", 0.01)
    assert machine.run_command(["sleep", "60"]) is None


def test_advice_and_command_stand_below_what_they_mend() -> None:
    text = render([ok("clock", "is synchronized"), error("disk", "10 MB free", "Free some space.", "df -h")])
    assert text.splitlines() == [
        "✓ clock           is synchronized",
        "✗ disk            10 MB free",
        "                  Free some space.",
        "                  $ df -h",
    ]


def test_a_broken_configuration_is_named_place_by_place_and_the_exit_code_is_1(config_dir: Path) -> None:
    (config_dir / "flags.yaml").write_text("schema: 1\nr4_enable: true\n")
    done = CliRunner().invoke(main, ["doctor", "--config", str(config_dir), "--json"])
    assert done.exit_code == 1
    wrong = [found for found in json.loads(done.output) if found["verdict"] == "error"]
    assert [found["text"] for found in wrong] == ["flags.yaml:2:1 r4_enable: extra key; did you mean r4_enabled?"]


def test_a_simulated_house_that_is_not_running_is_no_error(config_dir: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "--config", str(config_dir)])
    assert done.exit_code == 0, done.output
    assert "the simulated house is not running" in done.output


def test_a_tasmotas_settings_are_told_in_its_own_words(site: Site, hands: Hands) -> None:
    load = site.loads[0]
    relay = load.relay.model_copy(update={"kind": "tasmota", "channel": 1})
    tasmota = site.model_copy(update={"loads": [load.model_copy(update={"relay": relay})]})
    hands.settings = RelaySettings(None, starts_open=False)
    auto_off, start = errors(list(house.loads(tasmota, hands)))
    assert "PulseTime2 220 at http://127.0.0.1:18081/" in auto_off.advice
    assert "PowerOnState 0 at" in start.advice


def test_a_relay_that_refuses_points_to_its_secret(site: Site, hands: Hands) -> None:
    hands.relay_error = DeviceRefused("asks for a password")
    (found,) = errors(list(house.loads(site, hands)))
    assert "secret" in found.advice


def test_credentials_that_cannot_be_read_are_a_finding(
    site: Site, config_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    load = site.loads[0]
    relay = load.relay.model_copy(update={"secret": "relay"})
    miner = load.miner.model_copy(update={"driver": "braiins", "secret": "miner"})
    guarded = load.model_copy(update={"relay": relay, "miner": miner})
    doctor = RealHands(load_config(config_dir), NOW)
    for ask in (doctor.relay, doctor.miner):
        with pytest.raises(DeviceRefused, match="cannot be read"):
            ask(guarded)
