import json
from typing import Any

import pytest

from bitgrid.plant.desk import Desk
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from bitgrid.plant.wire_faults import OF_MODBUS, WireFault
from plant.house import MakeHouse, live


def ask(house: House, **asked: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Desk(house).answer(json.dumps(asked).encode() + b"\n"))
    return told


def test_it_tells_the_whole_truth(house: House) -> None:
    live(house, 10)
    assert ask(house, command="status") == {"ok": True, "status": house.status()}


def test_it_names_every_fault_and_says_which_are_active(house: House) -> None:
    house.faults.add(Fault.MINER_HOT)
    faults = ask(house, command="faults")["faults"]
    assert {fault["name"] for fault in faults} == set(Fault)
    assert [fault["name"] for fault in faults if fault["active"]] == ["miner-hot"]
    assert all(fault["text"] for fault in faults)


def test_faults_come_and_go_one_by_one_and_all_at_once(house: House) -> None:
    assert ask(house, command="fault", name="meter-silent")["ok"]
    assert ask(house, command="fault", name="miner-hot")["ok"]
    assert house.faults == {Fault.METER_SILENT, Fault.MINER_HOT}
    assert ask(house, command="clear", name="miner-hot")["ok"]
    assert house.faults == {Fault.METER_SILENT}
    assert ask(house, command="clear", name="miner-hot")["ok"]
    assert ask(house, command="clear")["ok"]
    assert house.faults == set()


def test_a_wire_goes_bad_is_seen_in_the_status_and_is_mended_alone_or_with_all(house: House) -> None:
    meter = house.wiring.add(["meter", "other unit"], WireFault)
    miner = house.wiring.add(["miner"], set(WireFault) - OF_MODBUS)
    assert ask(house, command="wire", name="meter", fault="wrong-unit")["ok"]
    assert ask(house, command="wire", name="miner", fault="late")["ok"]
    assert (meter(), miner()) == (WireFault.WRONG_UNIT, WireFault.LATE)
    wires = ask(house, command="status")["status"]["wires"]
    assert wires == {"meter": "wrong-unit", "other unit": "wrong-unit", "miner": "late"}
    assert ask(house, command="wire", name="other unit")["ok"]
    assert (meter(), miner()) == (None, WireFault.LATE)
    assert ask(house, command="clear")["ok"]
    assert miner() is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"name": "nobody", "fault": "late"}, "there are wires to meter, miner"),
        ({"name": "miner", "fault": "wrong-unit"}, "does not carry Modbus"),
        ({"name": "miner", "fault": "flood"}, "late"),
    ],
)
def test_a_wire_that_cannot_go_bad_so_is_left_alone(house: House, asked: dict[str, str], says: str) -> None:
    house.wiring.add(["meter"], WireFault)
    miner = house.wiring.add(["miner"], set(WireFault) - OF_MODBUS)
    told = ask(house, command="wire", **asked)
    assert told["ok"] is False
    assert says in told["error"]
    assert miner() is None


def test_it_sets_what_is_named_and_leaves_the_rest(house: House) -> None:
    assert ask(house, command="set", pv_factor=0.25)["ok"]
    assert ask(house, command="set", soc_pct=33.0, extra_load_w=100)["ok"]
    assert (house.pv_factor, house.extra_load_w) == (0.25, 100)
    assert house.soc_pct == pytest.approx(33)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"command":"dance"}', "dance"),
        (b'{"command":"fault"}', "name"),
        (b'{"command":"fault","name":"flood"}', "meter-silent"),
        (b'{"command":"set","pv_factor":1.5}', "pv_factor"),
        (b'{"command":"set","soc_pct":-1}', "soc_pct"),
        (b'{"command":"set","extra_load_w":-1}', "extra_load_w"),
        (b'{"command":"set","price":1}', "price"),
    ],
)
def test_what_it_does_not_understand_it_says_and_changes_nothing(house: House, line: bytes, says: str) -> None:
    before = house.status()
    told = json.loads(Desk(house).answer(line))
    assert told["ok"] is False
    assert says in told["error"]
    assert house.status() == before


def test_a_house_without_a_battery_cannot_be_charged(make_house: MakeHouse) -> None:
    house = make_house(battery=None)
    told = ask(house, command="set", soc_pct=50.0, pv_factor=0.5)
    assert "no battery" in told["error"]
    assert house.pv_factor == 1
