"""Against a module in pyasic's shape: the library is an extra that is not installed here."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.miners.pyasic import PyasicMiner, reading
from bitgrid.devices.ports import MinerReading
from devices.talk import ECO


class Rate:
    def __float__(self) -> float:
        return 110.5


@dataclass
class Whatsminer:
    """A miner in pyasic's shape."""

    answer: Any = True
    is_mining: bool | None = True
    asked: list[str] = field(default_factory=list)

    async def get_data(self, include: list[str]) -> object:
        self.asked.append(f"get_data {' '.join(include)}")
        boards = [SimpleNamespace(chip_temp=71.0, temp=60.0), SimpleNamespace(chip_temp=None, temp=None)]
        pools = [SimpleNamespace(accepted=900, rejected=2), SimpleNamespace(accepted=None, rejected=None)]
        told = {"hashrate": Rate(), "wattage": 3200, "hashboards": boards, "pools": pools}
        return SimpleNamespace(is_mining=self.is_mining, **told)

    async def stop_mining(self) -> object:
        return await self._do("stop")

    async def resume_mining(self) -> object:
        return await self._do("resume")

    async def _do(self, name: str) -> object:
        self.asked.append(name)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer == "hangs":
            await asyncio.Event().wait()
        return self.answer


class AntminerModern(Whatsminer):
    """One that pyasic stops by writing its whole configuration."""


READ = "get_data hashrate wattage hashboards is_mining pools"


def driver(monkeypatch: pytest.MonkeyPatch, miner: Whatsminer | None, timeout_s: float = 1.0) -> PyasicMiner:
    searches: list[str] = []

    async def get_miner(host: str) -> Whatsminer | None:
        searches.append(host)
        assert len(searches) == 1, "found out what it is only once"
        return miner

    library = ModuleType("pyasic")
    library.get_miner = get_miner
    monkeypatch.setitem(sys.modules, "pyasic", library)
    return PyasicMiner("miner", "192.0.2.7", timeout_s)


def test_it_reads_watts_the_hottest_chip_and_terahashes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert driver(monkeypatch, Whatsminer()).read() == MinerReading(
        3200, 71, 110.5, is_asleep=False, accepted_shares=900, rejected_shares=2
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        SimpleNamespace(),
        SimpleNamespace(wattage="warm", hashrate=object(), hashboards=5, is_mining="yes"),
        SimpleNamespace(wattage=float("nan"), hashrate="NaN", hashboards=[None, 5], is_mining=None),
    ],
)
def test_what_cannot_be_is_not_told(data: object) -> None:
    assert reading(data) == MinerReading(None, None, None, None)


def test_it_is_stopped_and_resumed_only_when_it_does_not_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    miner = Whatsminer()
    pyasic = driver(monkeypatch, miner)
    pyasic.stop()
    pyasic.set_level(ECO)
    miner.is_mining = False
    pyasic.set_level(ECO)
    assert miner.asked == ["stop", READ, READ, "resume"]


@pytest.mark.parametrize("answer", [False, None])
def test_a_stop_that_is_answered_with_anything_but_true_is_refused(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    with pytest.raises(DeviceRefused, match="refused stop_mining"):
        driver(monkeypatch, Whatsminer(answer)).stop()


def test_one_that_would_be_stopped_by_rewriting_its_pools_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    miner = AntminerModern()
    with pytest.raises(DeviceRefused, match=r"rewrite its pools.*relay"):
        driver(monkeypatch, miner).stop()
    assert miner.asked == []


def test_nobody_there_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceSilent, match="pyasic knows"):
        driver(monkeypatch, None).read()


@pytest.mark.parametrize(
    ("error", "kind"), [(OSError(), DeviceSilent), (TimeoutError(), DeviceSilent), (KeyError("x"), DeviceNonsense)]
)
def test_whatever_the_library_raises_is_a_device_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        driver(monkeypatch, Whatsminer(error)).stop()


def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceSilent, match="TimeoutError"):
        driver(monkeypatch, Whatsminer("hangs"), timeout_s=0.01).stop()


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyasic", None)
    with pytest.raises(DeviceRefused, match=r"pip install 'bitgrid\[pyasic\]'"):
        PyasicMiner("miner", "192.0.2.7", 1.0).read()
