"""The answers are in the shape that OpenEMS' and other projects' tests recorded; nobody here has the miner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bitgrid.config.secrets import Credentials
from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.miners.braiins import BraiinsMiner
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from devices.talk import ECO, FULL

WHO = Credentials("root", "geheim")
LOGIN = "POST auth/login"
READ = ["GET miner/details", "GET miner/stats", "GET cooling/state"]
TUNER = {"mode_state": {"powertargetmodestate": {"current_target": {"watt": 1674}}}}
STATS: dict[str, Any] = {
    "miner_stats": {"real_hashrate": {"last_15s": {"gigahash_per_second": 82_297.7}}},
    "power_stats": {"approximated_consumption": {"watt": 2288}},
}
ANSWERS: dict[str, Any] = {
    "GET miner/details": {"status": 2},
    "GET miner/stats": STATS,
    "GET cooling/state": {"highest_temperature": {"temperature": {"degree_c": 58.5}}},
    "GET performance/tuner-state": TUNER,
    "PUT performance/power-target": {"watt": 800},
    "PUT actions/pause": HttpAnswer(200, b"true"),
    "PUT actions/resume": HttpAnswer(200, b"true"),
}


@dataclass
class Braiins:
    """An `HttpExchange` that gives tokens, each of which it takes so many times."""

    changed: Mapping[str, Any] = field(default_factory=dict)
    takes: int = 99
    login: HttpAnswer | None = None
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    logins: int = 0
    left: int = 0

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        self.asked.append(f"{method} {target.removeprefix('/api/v1/')}")
        if self.asked[-1] == LOGIN:
            return self._log_in(json.loads(body))
        if self.left <= 0 or headers.get("Authorization") != f"token{self.logins}":
            return HttpAnswer(401, b"")
        self.left -= 1
        if body:
            self.bodies.append(json.loads(body))
        answer = (ANSWERS | dict(self.changed)).get(self.asked[-1], HttpAnswer(404, b""))
        return answer if isinstance(answer, HttpAnswer) else HttpAnswer(200, json.dumps(answer).encode())

    def _log_in(self, said: dict[str, str]) -> HttpAnswer:
        if self.login is not None or said != {"username": "root", "password": "geheim"}:
            return self.login or HttpAnswer(401, b"")
        self.logins, self.left = self.logins + 1, self.takes
        return HttpAnswer(200, json.dumps({"token": f"token{self.logins}", "timeout_s": 3600}).encode())


def miner(changed: Mapping[str, Any] | None = None, **how: Any) -> tuple[BraiinsMiner, Braiins]:
    exchange = Braiins(changed or {}, **how)
    return BraiinsMiner("miner", exchange, WHO), exchange


def test_it_reads_watts_the_hottest_chip_and_terahashes() -> None:
    driver, exchange = miner()
    assert driver.read() == MinerReading(2288, 58.5, pytest.approx(82.2977), is_asleep=False)
    assert exchange.asked == [LOGIN, *READ]


def test_paused_it_hashes_nothing_whatever_its_average_says() -> None:
    assert miner({"GET miner/details": {"status": 3}})[0].read().hashrate_ths == 0


@pytest.mark.parametrize(
    ("status", "is_asleep"),
    [(2, False), (5, False), (3, True), (0, None), (1, None), (4, None), (None, None), ([], None)],
)
def test_only_a_pause_is_sleep(status: object, is_asleep: bool | None) -> None:
    assert miner({"GET miner/details": {"status": status}})[0].read().is_asleep is is_asleep


@pytest.mark.parametrize(
    "stats",
    [
        {},
        {"miner_stats": 5, "power_stats": []},
        {"power_stats": {"approximated_consumption": {"watt": "NaN"}}, "miner_stats": {"real_hashrate": None}},
        {"power_stats": {"approximated_consumption": {"watt": None}}},
        {"power_stats": {"approximated_consumption": {"watt": True}}},
    ],
)
def test_figures_that_cannot_be_are_not_told(stats: object) -> None:
    changed = {"GET miner/stats": stats, "GET cooling/state": {"highest_temperature": {"temperature": 7}}}
    assert miner(changed)[0].read() == MinerReading(None, None, None, is_asleep=False)


def test_the_power_target_is_set_before_it_is_resumed() -> None:
    driver, exchange = miner({"GET miner/details": {"status": 3}})
    driver.set_level(ECO)
    assert exchange.asked[1:] == [
        "GET performance/tuner-state",
        "PUT performance/power-target",
        "GET miner/details",
        "PUT actions/resume",
    ]
    assert exchange.bodies == [{"watt": 800}]


def test_what_is_so_already_is_not_written_again() -> None:
    driver, exchange = miner()
    driver.set_level(FULL)
    driver.set_level(FULL)
    assert not [asked for asked in exchange.asked if asked.startswith("PUT")]


def test_a_target_that_it_does_not_tell_is_written_once() -> None:
    driver, exchange = miner({"GET performance/tuner-state": {}})
    driver.set_level(FULL)
    driver.set_level(FULL)
    driver.set_level(ECO)
    assert exchange.bodies == [{"watt": 1674}, {"watt": 800}]


def test_it_is_stopped_by_pause_however_often() -> None:
    driver, exchange = miner()
    driver.stop()
    driver.stop()
    assert exchange.asked == [LOGIN, "PUT actions/pause", "PUT actions/pause"]


def test_a_token_that_has_run_out_is_renewed_once() -> None:
    driver, exchange = miner(takes=1)
    driver.stop()
    driver.stop()
    assert exchange.asked == [LOGIN, "PUT actions/pause", "PUT actions/pause", LOGIN, "PUT actions/pause"]


def test_a_token_that_is_never_taken_is_not_asked_for_for_ever() -> None:
    driver, exchange = miner(takes=0)
    with pytest.raises(DeviceRefused, match=r"miner\.secret"):
        driver.stop()
    assert exchange.asked == [LOGIN, "PUT actions/pause", LOGIN, "PUT actions/pause"]


def test_a_wrong_password_is_told_without_it() -> None:
    exchange = Braiins()
    with pytest.raises(DeviceRefused, match="refused the login") as caught:
        BraiinsMiner("miner", exchange, Credentials("root", "wrong-one")).stop()
    assert "wrong-one" not in str(caught.value)
    assert exchange.asked == [LOGIN]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"token": 7}', b'{"token": ""}', b'{"token": "a\\r\\nX: y"}']
)
def test_a_login_without_a_usable_token_is_refused_without_showing_it(body: bytes) -> None:
    with pytest.raises(DeviceRefused, match="no token"):
        miner(login=HttpAnswer(200, body))[0].stop()


def test_one_without_credentials_asks_as_nobody_and_says_what_is_missing() -> None:
    exchange = Braiins()
    with pytest.raises(DeviceRefused, match=r"miner\.secret"):
        BraiinsMiner("miner", exchange, None).stop()
    assert exchange.asked == ["PUT actions/pause"]


def test_other_refusals_show_the_miners_own_words() -> None:
    with pytest.raises(DeviceRefused, match=r"HTTP 400.*out of range"):
        miner({"PUT performance/power-target": HttpAnswer(400, b"out of range")})[0].set_level(ECO)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000])
def test_a_page_instead_of_json_is_nonsense(body: bytes) -> None:
    with pytest.raises(DeviceNonsense):
        miner({"GET miner/details": HttpAnswer(200, body)})[0].read()


@pytest.mark.parametrize(
    ("phase", "is_asleep"),
    [("running", False), ("starting", False), ("stopping", True), ("stopped", True), ("dancing", None)],
)
def test_newer_firmware_tells_its_phase_and_is_believed_before_the_old_number(
    phase: str, is_asleep: bool | None
) -> None:
    details = {"status": 9, "detailed_status": {"status": {phase: {"reason": None}}}}
    exchange = Braiins({"GET miner/details": details})
    assert BraiinsMiner("miner", exchange, WHO).read().is_asleep is is_asleep


def test_it_tells_the_shares_its_pools_took() -> None:
    stats = STATS | {"pool_stats": {"accepted_shares": 53_213, "rejected_shares": 12}}
    reading = BraiinsMiner("miner", Braiins({"GET miner/stats": stats}), WHO).read()
    assert (reading.accepted_shares, reading.rejected_shares) == (53_213, 12)
