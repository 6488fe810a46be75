"""The same drivers behind the simulated house's own bad wires: pieces, delays, lost and stolen connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import pytest

from bitgrid.devices.ports import MinerReading, RelayReading
from bitgrid.plant.wire import Wire
from bitgrid.plant.wire_faults import OF_MODBUS, WireFault
from plant.house import MakeHouse, live
from plant.spoiling import fails
from plant.test_wire_json import HASTY_S, PATIENT_S, RELAYS, Bench, load

HARMLESS = (WireFault.SPLIT, WireFault.SLOW, WireFault.ONE_CLIENT, WireFault.VANISHED)
"""With one question a connection, nothing is lost."""
MAY_PASS = (WireFault.TWICE,)
"""What comes after the end of an answer is not looked at."""
FAULTS = [fault for fault in WireFault if fault not in OF_MODBUS and fault is not WireFault.LATE]
"""Late, an answer would belong to a connection that has ended: that is the same as none."""
KINDS = ("avalon", "shelly_gen2")
"""One of each transport: what a driver makes of what it is given is in the table of `test_wire_json`."""


@contextmanager
def wired(at: Bench, wrong: dict[str, WireFault | None]) -> Iterator[None]:
    """The bench's device behind a wire of the plant."""
    wire = Wire(("127.0.0.1", 0), ("127.0.0.1", at.port), lambda: wrong["now"])
    at.port = wire.port
    try:
        yield
    finally:
        wire.stop()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_wire_is_a_failure_told_or_no_matter(make_house: MakeHouse, kind: str, fault: WireFault) -> None:
    wrong: dict[str, WireFault | None] = {"now": None}
    with load(make_house, kind) as at, wired(at, wrong):
        relay, miner = at.relay(), at.miner()
        read, stop = (relay.read, relay.open) if kind in RELAYS else (miner.read, miner.stop)
        honest = told_by(read)
        wrong["now"] = fault
        at.timeout_s = HASTY_S if fault is WireFault.MUTE else PATIENT_S
        told: list[dict[str, object]] = []
        failed = fails(lambda: told.append(told_by(read)))
        assert failed == (fault not in HARMLESS) or fault in MAY_PASS
        assert all(one == honest for one in told)
        is_refused = fails(stop)
        assert is_refused or not live(at.house, 5).miners["miner"].is_hashing
        wrong["now"], at.timeout_s = None, PATIENT_S
        stop()
        assert not live(at.house, 5).miners["miner"].is_hashing


def told_by(read: Callable[[], MinerReading | RelayReading]) -> dict[str, object]:
    """A reading, without the shares that are asked for once a minute."""
    told = asdict(read())
    return {name: told[name] for name in told if "shares" not in name}
