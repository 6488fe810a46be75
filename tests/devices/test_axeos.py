from __future__ import annotations

import pytest

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import HttpAnswer
from devices.answers import AXEOS
from devices.talk import ECO, Http

INFO, PAUSE, RESUME = "GET /api/system/info", "POST /api/system/pause", "POST /api/system/resume"


def miner(**changed: object) -> tuple[AxeosMiner, Http]:
    exchange = Http({INFO: AXEOS | changed, PAUSE: HttpAnswer(200, b""), RESUME: HttpAnswer(200, b"")})
    return AxeosMiner("miner", exchange), exchange


def test_it_reads_watts_the_hottest_chip_and_terahashes() -> None:
    assert miner()[0].read() == MinerReading(17.35, 58.25, 1.2155, is_asleep=False)
    assert miner(temp2=60.5)[0].read().temp_c == 60.5


def test_paused_it_hashes_nothing_whatever_its_average_says() -> None:
    assert miner(miningPaused=True)[0].read() == MinerReading(17.35, 58.25, 0, is_asleep=True)


def test_an_older_firmware_does_not_tell_whether_it_is_paused() -> None:
    assert miner(miningPaused=None)[0].read().is_asleep is None


@pytest.mark.parametrize("power", [None, "warm", True, [], {}, 1e400, 10**400, -30_000])
def test_a_power_that_cannot_be_is_not_told(power: object) -> None:
    assert miner(power=power)[0].read().power_w is None


def test_it_is_stopped_by_pause_and_woken_by_resume_only_when_it_sleeps() -> None:
    driver, exchange = miner()
    driver.stop()
    driver.set_level(ECO)
    assert exchange.asked == [PAUSE, INFO]
    driver, exchange = miner(miningPaused=True)
    driver.set_level(ECO)
    assert exchange.asked == [INFO, RESUME]


def test_a_firmware_without_pause_is_told_to_be_updated() -> None:
    with pytest.raises(DeviceRefused, match=r"update AxeOS to 2\.14"):
        AxeosMiner("miner", Http({INFO: AXEOS})).stop()


def test_other_refusals_name_their_status() -> None:
    with pytest.raises(DeviceRefused, match="HTTP 500"):
        AxeosMiner("miner", Http({INFO: HttpAnswer(500, b"")})).read()


def test_a_page_instead_of_json_is_nonsense() -> None:
    with pytest.raises(DeviceNonsense, match="<html>"):
        AxeosMiner("miner", Http({INFO: HttpAnswer(200, b"<html>")})).read()


def test_it_tells_the_shares_that_its_pool_took_and_did_not_take() -> None:
    told = miner(sharesAccepted=4711, sharesRejected=12)[0].read()
    assert (told.accepted_shares, told.rejected_shares) == (4711, 12)
    told = miner(sharesAccepted="many", sharesRejected=-1)[0].read()
    assert (told.accepted_shares, told.rejected_shares) == (None, None)
