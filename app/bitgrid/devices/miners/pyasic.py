"""Any other miner that the library pyasic knows, where it is installed: ``pip install bitgrid[pyasic]``.

It finds out by itself what it talks to, on ports of its own, and it starts no thread. Checked against pyasic's
source, and pyasic 0.79 itself on the simulated Avalon Q (which it reads without its power), not against a miner.
``stop_mining`` answers False, instead of raising, where a miner cannot be stopped: that is a refusal. With the
makers' own firmware on Antminers it stops by sending the whole configuration back, pools included, which nothing
here may do: those are refused, and only their relay stops them. A power limit is sent the same way, so such a load
has one level. "Is mining" is yes in its data where nobody told it, so only a no is believed, or a hash rate.

May touch: pyasic, imported when first used, since it costs memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.parsing import POWER_W, RATE_THS, count, hottest, number
from bitgrid.devices.ports import MinerReading

EXCHANGES = 5
"""How many exchanges' time a method gets: pyasic asks on several ports to find out what a miner is."""
_READ = ("hashrate", "wattage", "hashboards", "is_mining", "pools")
_REWRITES = {"AntminerModern", "AntminerOld"}
T = TypeVar("T")


class PyasicMiner:
    """A miner through pyasic.

    Args:
        device: its name for people, with its address.
        host: its address.
        exchange_s: how long one exchange may take, machine seconds.
    """

    def __init__(self, device: str, host: str, exchange_s: float) -> None:
        self._device, self._host, self._timeout_s = device, host, EXCHANGES * exchange_s
        self._miner: Any = None

    def read(self) -> MinerReading:
        """Ask for power, temperature, hash rate and shares."""
        return self._run(self._read())

    def set_level(self, level: LevelConfig) -> None:  # noqa: ARG002  it has one level
        """Resume, unless it says that it hashes."""
        if self.read().is_asleep is not False:
            self._run(self._command("resume_mining"))

    def stop(self) -> None:
        """Stop mining."""
        self._run(self._command("stop_mining"))

    async def _read(self) -> MinerReading:
        miner = await self._found()
        return reading(await miner.get_data(include=list(_READ)))

    async def _command(self, name: str) -> None:
        miner = await self._found()
        if _REWRITES & {kind.__name__ for kind in type(miner).__mro__}:
            raise DeviceRefused(
                f"{self._device}: pyasic would rewrite its pools to do {name}, so only its relay may switch it"
            )
        if await getattr(miner, name)() is not True:
            raise DeviceRefused(f"{self._device} refused {name}, or pyasic cannot do it with this firmware")

    async def _found(self) -> Any:  # noqa: ANN401  of one of a hundred classes
        """The miner; found out what it is once."""
        if self._miner is None:
            self._miner = await _library(self._device).get_miner(self._host)
        if self._miner is None:
            raise DeviceSilent(f"{self._device} gave no answer that pyasic knows. Look at its power and network.")
        return self._miner

    def _run(self, job: Coroutine[Any, Any, T]) -> T:
        """Do it in a loop of its own, within the time it has; whatever pyasic raises is a device error."""

        async def bounded() -> T:
            async with asyncio.timeout(self._timeout_s):
                return await job

        try:
            return asyncio.run(bounded())
        except DeviceError:
            raise
        except (OSError, TimeoutError) as error:
            raise DeviceSilent(f"{self._device} gave no answer: {type(error).__name__}") from error
        except Exception as error:  # its hundred backends raise as they please; none of it may end a thread
            raise DeviceNonsense(f"{self._device}: pyasic failed with {type(error).__name__}: {error}") from error


def reading(data: Any) -> MinerReading:  # noqa: ANN401  pyasic's MinerData, or whatever it gave
    """What pyasic's data tell; what is absent or cannot be is not told."""
    rate_ths = number(_terahashes(getattr(data, "hashrate", None)), RATE_THS)
    is_asleep = True if getattr(data, "is_mining", None) is False else False if rate_ths else None
    boards = getattr(data, "hashboards", None)
    temps = [
        getattr(board, name, None)
        for board in (boards if isinstance(boards, list) else [])
        for name in ("chip_temp", "temp")
    ]
    return MinerReading(
        power_w=number(getattr(data, "wattage", None), POWER_W),
        temp_c=hottest(*temps),
        hashrate_ths=0.0 if is_asleep else rate_ths,
        is_asleep=is_asleep,
        accepted_shares=_shares(data, "accepted"),
        rejected_shares=_shares(data, "rejected"),
    )


def _shares(data: Any, name: str) -> int | None:  # noqa: ANN401  as above
    """A counter over all pools; None where none tells it."""
    pools = getattr(data, "pools", None)
    told = [count(getattr(pool, name, None)) for pool in (pools if isinstance(pools, list) else [])]
    known = [found for found in told if found is not None]
    return sum(known) if known else None


def _terahashes(rate: Any) -> object:  # noqa: ANN401  pyasic's own kind of number
    """What pyasic tells as a rate: a number, or a thing that becomes one in its default unit, TH/s."""
    if rate is None or isinstance(rate, int | float | str):
        return rate
    try:
        return float(rate)
    except (TypeError, ValueError):
        return None


def _library(device: str) -> Any:  # noqa: ANN401  a library without types
    try:
        import pyasic  # noqa: PLC0415  optional, and heavy
    except ImportError:
        raise DeviceRefused(
            f"{device} needs the library pyasic, which is not installed: pip install 'bitgrid[pyasic]'"
        ) from None
    return pyasic
