from __future__ import annotations

from collections.abc import Callable

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.miners.avalon import AvalonMiner, work_modes
from bitgrid.devices.ports import MinerReading
from devices.answers import MINI3_RUNNING, Q_RUNNING, Q_STANDBY, WHEN_S, cgminer, estats
from devices.talk import ECO, FULL, STANDARD, Bytes

OK = cgminer("I", "ASC 0 set info: success")


def miner(
    text: str = Q_RUNNING, ascset: bytes | Callable[[str], bytes] = OK, *, ours_s: float = WHEN_S
) -> tuple[AvalonMiner, Bytes]:
    exchange = Bytes({"estats": estats(text), "ascset": ascset})
    return AvalonMiner("miner", exchange, [ECO, FULL], HeldClock(wall_s=ours_s)), exchange


def test_a_running_q_tells_wall_power_hottest_chip_and_present_rate() -> None:
    assert miner(Q_RUNNING)[0].read() == MinerReading(1391, 71, 80.2, is_asleep=False)


def test_a_sleeping_q_tells_no_temperature_and_no_hash_rate_of_the_past() -> None:
    assert miner(Q_STANDBY)[0].read() == MinerReading(17, None, 0, is_asleep=True)


def test_its_kin_is_read_by_the_same_fields() -> None:
    exchange = Bytes({"estats": estats(MINI3_RUNNING, key="MM ID0")})
    reading = AvalonMiner("miner", exchange, [ECO], HeldClock()).read()
    assert reading == MinerReading(824, 87, 39, is_asleep=False)


def test_a_supply_that_tells_its_wall_power_apart_is_believed() -> None:
    assert miner(Q_RUNNING + " WALLPOWER[1400]")[0].read().power_w == 1400


@pytest.mark.parametrize(
    ("state", "is_asleep"), [("STATE[2]", True), ("STATE[1]", False), ("STATE[9]", None), ("", None)]
)
def test_without_its_system_status_the_state_number_tells_whether_it_sleeps(
    state: str, is_asleep: bool | None
) -> None:
    assert miner(f"Ver[Q] {state}")[0].read().is_asleep is is_asleep


@pytest.mark.parametrize(
    "text",
    [
        "PS[0 1216] TMax[-273] GHSspd[nan]",
        "PS[0 1 2 3 4 5 inf] TMax[65535] GHSspd[-5]",
        "PS[] TMax[] GHSspd[]",
        "PS[a b c d e f g] TMax[x] GHSspd[1e999]",
        "PS[0 0 0 0 0 0 999999]",
    ],
)
def test_what_cannot_be_is_not_told(text: str) -> None:
    assert miner(text)[0].read() == MinerReading(None, None, None, is_asleep=None)


def test_a_stop_lies_a_little_ahead_by_the_miners_own_clock() -> None:
    driver, exchange = miner(ours_s=WHEN_S - 3600)
    driver.read()
    driver.stop()
    assert exchange.asked == ["estats", "summary", f"ascset 0,softoff,1:{WHEN_S + 2}"]


def test_a_stop_is_repeated_when_the_miners_clock_turns_out_to_be_another() -> None:
    never_set = cgminer("I", "ASC 0 set info: success softoff", when_s=986)
    driver, exchange = miner(ascset=never_set)
    driver.stop()
    assert exchange.asked == [f"ascset 0,softoff,1:{WHEN_S + 2}", "ascset 0,softoff,1:988"]


def test_a_level_sets_the_mode_before_it_wakes_the_miner() -> None:
    driver, exchange = miner(Q_STANDBY)
    driver.set_level(FULL)
    assert exchange.asked == ["estats", "ascset 0,workmode,set,2", f"ascset 0,softon,1:{WHEN_S + 2}"]


def test_what_is_so_already_is_not_written_again() -> None:
    driver, exchange = miner(Q_RUNNING.replace("WORKMODE[1]", "WORKMODE[2]"))
    driver.set_level(FULL)
    assert exchange.asked == ["estats"]


def test_a_miner_that_wakes_without_an_answer_was_woken() -> None:
    driver, exchange = miner(Q_STANDBY, ascset=lambda said: b"" if "softon" in said else OK)
    driver.set_level(ECO)
    assert exchange.asked[-1].startswith("ascset 0,softon")


def test_a_stop_without_an_answer_is_silence() -> None:
    with pytest.raises(DeviceSilent, match="without an answer"):
        miner(ascset=b"")[0].stop()


def test_a_refusal_says_what_was_refused() -> None:
    driver, _ = miner(ascset=cgminer("E", "ASC 0 set failed: Unknown option"))
    with pytest.raises(DeviceRefused, match=r"softoff.*Unknown option"):
        driver.stop()


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0", b"hello", b'{"STATUS":[{"STATUS":"S"', b"[]", b"[" * 100_000, b"{}", b'{"STATUS":[]}', cgminer()],
)
def test_an_answer_that_is_not_its_protocol_is_nonsense_or_silence(answer: bytes) -> None:
    driver = AvalonMiner("miner", lambda _: answer, [ECO], HeldClock())
    with pytest.raises((DeviceNonsense, DeviceSilent)):
        driver.read()


def level(power_w: int) -> LevelConfig:
    return LevelConfig(name=f"w{power_w}", power_w=power_w, min_surplus_w=power_w)


@pytest.mark.parametrize(
    ("levels", "modes"),
    [
        ([ECO, FULL], [0, 2]),
        ([ECO, STANDARD], [0, 1]),
        ([ECO, STANDARD, FULL], [0, 1, 2]),
        ([FULL], [2]),
        ([level(70), level(140)], [0, 2]),
        ([level(65), level(100), level(140)], [0, 1, 2]),
    ],
)
def test_levels_are_work_modes_by_power_on_a_q_and_by_order_on_others(
    levels: list[LevelConfig], modes: list[int]
) -> None:
    assert list(work_modes(levels).values()) == modes


def test_shares_are_asked_for_once_a_minute_and_never_cost_a_reading() -> None:
    clock, summary = HeldClock(), cgminer("S", SUMMARY=[{"Accepted": 812, "Rejected": 3}])
    exchange = Bytes({"estats": estats(Q_RUNNING), "summary": summary})
    driver = AvalonMiner("miner", exchange, [ECO], clock)
    told = [driver.read()]
    clock.advance(5)
    told.append(driver.read())
    exchange.answers = {"estats": estats(Q_RUNNING)}
    clock.advance(60)
    told.append(driver.read())
    assert [reading.accepted_shares for reading in told] == [812, None, None]
    assert told[0].rejected_shares == 3
    assert {reading.power_w for reading in told} == {1391}
