"""A scan over real sockets finds each simulated device for what it is, and nothing where one talks nonsense."""

from __future__ import annotations

import pytest

from bitgrid.clock import SystemClock
from bitgrid.devices.discovery.found import Found
from bitgrid.devices.discovery.scan import Ports, Scan
from bitgrid.devices.discovery.sockets import reach
from plant.house import MakeHouse
from plant.spoiling import Fault
from plant.test_wire_json import RELAYS, TCP, Bench, faults_of, load

FOUND_BY_ITS_OWN_PORT = ("avalon", "luxos", "axeos", *RELAYS)
AT = [
    (kind, name)
    for kind in ("avalon", "shelly_gen2")
    for name, fault in faults_of(kind).items()
    if not fault.is_slow
]


def scanned(at: Bench, kind: str) -> list[Found]:
    ports = Ports((), (at.port,), ()) if kind in TCP else Ports((), (), (at.port,))
    return Scan(ports, reach(SystemClock())).look("127.0.0.1")


def kind_of(found: Found) -> str:
    return found.relay or found.miner or ""


@pytest.mark.parametrize("kind", FOUND_BY_ITS_OWN_PORT)
def test_each_driver_s_device_is_found_as_what_it_is_driven_as(make_house: MakeHouse, kind: str) -> None:
    with load(make_house, kind) as at:
        (found,) = scanned(at, kind)
    assert (kind_of(found), found.host, found.port) == (kind, "127.0.0.1", at.port)


@pytest.mark.parametrize(("kind", "name"), AT, ids=[f"{kind}: {name}" for kind, name in AT])
def test_nonsense_is_found_as_nobody_and_never_as_somebody_else(
    make_house: MakeHouse, kind: str, name: str
) -> None:
    fault: Fault = faults_of(kind)[name]
    with load(make_house, kind) as at:
        with at.wrong(fault):
            found = scanned(at, kind)
        assert {kind_of(one) for one in found} <= {kind}
        assert [kind_of(one) for one in scanned(at, kind)] == [kind]
