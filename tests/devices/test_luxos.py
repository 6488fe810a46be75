"""The answers are an owner's recorded ones, or written after the fields that pyasic and asic-rs read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.miners.luxos import LuxosMiner
from bitgrid.devices.ports import MinerReading
from devices.answers import LUXOS
from devices.talk import Bytes

LEVEL = LevelConfig(name="eco", power_w=1200, min_surplus_w=1200, profile="310MHz")
ANSWERS: dict[str, dict[str, Any]] = {
    "config": {"CONFIG": [{"CurtailMode": "None", "Profile": "default"}]},
    "power": {"POWER": [{"PSU": True, "Watts": 1051}]},
    "summary": {"SUMMARY": [{"GHS 5s": 61_500.0, "GHS av": 60_000.0}]},
    "temps": {"TEMPS": [{"ID": 0, "TopLeft": 48.0, "BottomLeft": 51.5, "TopRight": 36, "BottomRight": 0}]},
    "stats": {"STATS": [{}, {"temp_chip1": "61-62-70-71", "temp_chip2": "0-0-0-0", "temp_pcb1": "99-99-99-99"}]},
    "logon": {"SESSION": [{"SessionID": "Xq2w"}]},
    "session": {"SESSION": [{"SessionID": "Zz99"}]},
    "logoff": {},
    "curtail": {},
    "profileset": {},
}
CHANGED = ["logon", "profileset Xq2w,310MHz", "curtail Xq2w,wakeup", "logoff Xq2w"]


def told(content: dict[str, Any], status: str = "S", message: str = "fine") -> bytes:
    return json.dumps({"STATUS": [{"STATUS": status, "Msg": message}]} | content).encode()


JOINED = "config+power+summary+temps+stats"
ALONE = [JOINED, "config", "power", "summary", "temps", "stats"]


def miner(refused: Iterable[str] = (), **changed: object) -> tuple[LuxosMiner, Bytes]:
    answers = {name: told(content) for name, content in (ANSWERS | changed).items()}
    answers |= {name: told({}, "E", "not now") for name in refused}
    exchange = Bytes(answers)
    return LuxosMiner("miner", exchange), exchange


def config(mode: object = "None", profile: object = "310MHz") -> dict[str, Any]:
    return {"CONFIG": [{"CurtailMode": mode, "Profile": profile}]}


def test_it_reads_watts_the_hottest_sensor_and_terahashes() -> None:
    assert miner()[0].read() == MinerReading(1051, 71, 61.5, is_asleep=False)


def test_what_an_owner_recorded_of_an_s19j_pro_with_one_board_is_read() -> None:
    """One board of three on a supply that is not Bitmain's; what it said to ``stats`` was not recorded."""
    driver, _ = miner(["stats"], **LUXOS)
    assert driver.read() == MinerReading(
        398, 53, pytest.approx(9.05139), is_asleep=False, accepted_shares=452, rejected_shares=0
    )


def test_asleep_it_hashes_nothing_whatever_its_average_says() -> None:
    assert miner(config=config("Sleep"))[0].read() == MinerReading(1051, 71, 0, is_asleep=True)


@pytest.mark.parametrize("mode", [None, "", 0, []])
def test_one_that_does_not_tell_whether_it_sleeps_is_not_said_to(mode: object) -> None:
    assert miner(config=config(mode))[0].read().is_asleep is None


def test_what_it_refuses_to_tell_while_it_starts_is_not_told() -> None:
    assert miner(["summary", "temps", "stats"])[0].read() == MinerReading(1051, None, None, is_asleep=False)


@pytest.mark.parametrize("watts", [None, "NaN", "warm", True, [], 1e9, float("inf")])
def test_a_power_that_cannot_be_is_not_told(watts: object) -> None:
    assert miner(power={"POWER": [{"Watts": watts}]})[0].read().power_w is None


@pytest.mark.parametrize(
    "rows", [None, 5, [], [5], [{"TopLeft": "warm"}], [{"TopLeft": None}], [{"TopLeft": 65535}]]
)
def test_temperatures_that_cannot_be_are_not_told(rows: object) -> None:
    assert miner(temps={"TEMPS": rows}, stats={"STATS": rows})[0].read().temp_c is None


def test_its_profile_is_chosen_before_it_is_woken() -> None:
    driver, exchange = miner(config=config("Sleep", "default"))
    driver.set_level(LEVEL)
    assert exchange.asked == ["config", *CHANGED]


def test_what_is_so_already_is_not_asked_for_again() -> None:
    driver, exchange = miner(config=config())
    driver.set_level(LEVEL)
    assert exchange.asked == ["config"]
    driver, exchange = miner()
    driver.set_level(LEVEL.model_copy(update={"profile": None}))
    assert exchange.asked == ["config"]


def test_awake_only_its_profile_is_chosen() -> None:
    driver, exchange = miner()
    driver.set_level(LEVEL)
    assert exchange.asked == ["config", "logon", "profileset Xq2w,310MHz", "logoff Xq2w"]


def test_a_profile_refused_asleep_is_chosen_once_it_is_awake() -> None:
    driver, exchange = miner(config=config("Sleep", "default"))
    answers = iter([told({}, "E", "curtailed"), told({})])
    exchange.answers = dict(exchange.answers) | {"profileset": lambda _parameter: next(answers)}
    driver.set_level(LEVEL)
    assert exchange.asked == ["config", *CHANGED[:3], "profileset Xq2w,310MHz", "logoff Xq2w"]


def test_a_profile_that_does_not_exist_is_told_and_the_session_left() -> None:
    driver, exchange = miner(["profileset"])
    with pytest.raises(DeviceRefused, match="refused profileset: 'not now'"):
        driver.set_level(LEVEL)
    assert exchange.asked[-1] == "logoff Xq2w"


def test_it_is_stopped_in_a_session_of_its_own() -> None:
    driver, exchange = miner()
    driver.stop()
    driver.stop()
    assert exchange.asked == ["logon", "curtail Xq2w,sleep", "logoff Xq2w"] * 2


def test_a_session_held_elsewhere_does_not_keep_it_from_being_stopped() -> None:
    driver, exchange = miner(["logon"])
    driver.stop()
    assert exchange.asked == ["logon", "session", "curtail Zz99,sleep"]


def test_a_session_that_cannot_be_left_ends_by_itself() -> None:
    driver, exchange = miner(["logoff"])
    driver.stop()
    assert exchange.asked[1] == "curtail Xq2w,sleep"


@pytest.mark.parametrize("rows", [[], [{}], [{"SessionID": ""}], [{"SessionID": 7}], [{"SessionID": "a,b"}], "x"])
def test_without_a_session_it_is_refused_before_anything_is_changed(rows: object) -> None:
    driver, exchange = miner(logon={"SESSION": rows}, session={"SESSION": rows})
    with pytest.raises(DeviceRefused, match="no session"):
        driver.stop()
    assert exchange.asked == ["logon", "session"]


def test_a_refused_stop_is_told_without_the_session() -> None:
    with pytest.raises(DeviceRefused, match="refused curtail") as caught:
        miner(["curtail"])[0].stop()
    assert "Xq2w" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"hello", b"[]", b"{}", b'{"STATUS":[]}', told({}), b"[" * 100_000]
)
def test_what_is_no_luxos_is_nonsense(answer: bytes) -> None:
    driver = LuxosMiner("miner", Bytes({"config": answer, "power": told(ANSWERS["power"])}))
    with pytest.raises(DeviceNonsense):
        driver.read()


def test_silence_while_leaving_hides_nothing() -> None:
    def silent(_parameter: str) -> bytes:
        raise DeviceSilent("gone")

    driver, exchange = miner()
    exchange.answers = dict(exchange.answers) | {"logoff": silent, "curtail": silent}
    with pytest.raises(DeviceSilent):
        driver.stop()


def test_everything_is_read_in_one_request_where_it_understands_that() -> None:
    parts = {name: [json.loads(told(ANSWERS[name]))] for name in JOINED.split("+")}
    driver, exchange = miner(**{JOINED: parts})
    assert driver.read() == MinerReading(1051, 71, 61.5, is_asleep=False)
    assert exchange.asked == [JOINED]


def test_where_it_does_not_each_is_asked_for_alone_and_the_other_way_not_tried_again() -> None:
    driver, exchange = miner()
    driver.read()
    driver.read()
    assert exchange.asked == [*ALONE, *ALONE[1:]]


def test_it_tells_the_shares_its_pools_took() -> None:
    summary = {"SUMMARY": [{"GHS 5s": 61_500.0, "Accepted": 4211, "Rejected": "7"}]}
    reading = miner(summary=summary)[0].read()
    assert (reading.accepted_shares, reading.rejected_shares) == (4211, 7)


def test_one_that_sleeps_already_has_done_what_it_was_asked() -> None:
    driver, exchange = miner()
    exchange.answers |= {"curtail": told({}, "E", "Miner is already asleep")}  # type: ignore[operator]
    driver.stop()
    assert exchange.asked == ["logon", "curtail Xq2w,sleep", "logoff Xq2w"]
