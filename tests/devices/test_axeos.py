from __future__ import annotations

import pytest

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import HttpAnswer
from devices.answers import AXEOS
from devices.talk import ECO, Http

INFO, PAUSE, RESUME = "GET /api/system/info", "POST /api/system/pause", "POST /api/system/resume"
RESTART = "POST /api/system/restart"


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


def test_a_firmware_without_pause_refuses_to_stop_and_says_that_its_relay_must() -> None:
    with pytest.raises(DeviceRefused, match=r"only its relay can stop it; update AxeOS to 2\.14"):
        AxeosMiner("miner", Http({INFO: AXEOS})).stop()


OLD = {key: value for key, value in AXEOS.items() if key != "miningPaused"}


@pytest.mark.parametrize(
    ("rate_ghs", "uptime_s", "asked"),
    [
        (1215.5, 4000, [INFO]),  # it hashes
        (0, 90, [INFO, RESUME]),  # it may still be finding its pool
        (0, 130, [INFO, RESUME, RESTART]),
        (0, None, [INFO, RESUME]),
    ],
)
def test_a_firmware_without_resume_is_restarted_when_it_has_stood_still_for_a_while(
    rate_ghs: float, uptime_s: int | None, asked: list[str]
) -> None:
    told = OLD | {"hashRate": rate_ghs, "uptimeSeconds": uptime_s}
    exchange = Http({INFO: told, RESTART: HttpAnswer(200, b"")})
    AxeosMiner("miner", exchange).set_level(ECO)
    assert exchange.asked == asked


def test_a_nerdqaxe_tells_each_chip() -> None:
    assert miner(temp=55.0, asicTemps=[54.0, 61.25, None, "x"])[0].read().temp_c == 61.25


def test_it_tells_the_shares_its_pool_took() -> None:
    reading = miner(sharesAccepted=1201, sharesRejected=6)[0].read()
    assert (reading.accepted_shares, reading.rejected_shares) == (1201, 6)


@pytest.mark.parametrize("shares", [-1, "many", None, True, [], 1e300])
def test_a_counter_that_cannot_be_is_not_told(shares: object) -> None:
    assert miner(sharesAccepted=shares)[0].read().accepted_shares is None


def test_other_refusals_name_their_status() -> None:
    with pytest.raises(DeviceRefused, match="HTTP 500"):
        AxeosMiner("miner", Http({INFO: HttpAnswer(500, b"")})).read()


def test_a_page_instead_of_json_is_nonsense() -> None:
    with pytest.raises(DeviceNonsense, match="<html>"):
        AxeosMiner("miner", Http({INFO: HttpAnswer(200, b"<html>")})).read()
