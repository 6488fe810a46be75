"""Miners that wear out or lie, relays that let nobody in, and loads that are no miners."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitgrid.devices.transport import HttpAnswer
from bitgrid.plant.faces import Faces
from bitgrid.plant.faults import Fault
from bitgrid.plant.miner import SHARE_TH
from bitgrid.plant.model import House
from plant.house import MakeHouse, live, mining, site_data

ROD: dict[str, Any] = {
    "id": "miner",
    "relay": {"host": "127.0.0.1", "port": 18081},
    "levels": [{"name": "on", "power_w": 2000, "min_surplus_w": 2000}],
    "cooldown_s": 0,
}


def test_a_worn_miner_hashes_a_sixth_less_for_the_same_power(house: House) -> None:
    miner = mining(house).miners["miner"]
    before_ths = miner.hashrate_ths
    house.faults.add(Fault.MINER_INEFFICIENT)
    live(house, 1)
    assert (miner.power_w, miner.hashrate_ths) == (1674, pytest.approx(before_ths * 5 / 6))
    house.faults.clear()
    live(house, 1)
    assert miner.hashrate_ths == before_ths


def test_shares_are_found_as_it_hashes_and_begin_anew_when_it_boots(house: House) -> None:
    miner = mining(house, 3600).miners["miner"]
    found = miner.accepted_shares + miner.rejected_shares
    assert found == int(miner.hashed_th / SHARE_TH)
    assert found > 1000
    assert miner.rejected_shares == found // 200
    miner.restart()
    assert miner.accepted_shares == 0


def test_one_that_lies_says_it_is_off_until_it_is_woken_or_cut_off(house: House) -> None:
    miner = mining(house).miners["miner"]
    house.faults.add(Fault.MINER_LIES_OFF)
    miner.ask(hashing=False, at_s=house.now_s)
    live(house, 5)
    assert (miner.power_w, miner.told_power_w, miner.told_ths, miner.told_hashing) == (1674, 12, 0, False)
    miner.ask(hashing=True, at_s=house.now_s)
    live(house, 1)
    assert (miner.told_power_w, miner.told_hashing) == (1674, True)
    miner.ask(hashing=False, at_s=house.now_s)
    live(house, 1)
    house.relays["miner"].switch(output=False, now_s=house.now_s, toggle_after_s=None, source="test")
    live(house, 1)
    assert (miner.power_w, miner.claims_off) == (0, False)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("shelly_gen1", "/status"),
        ("shelly_gen2", "/rpc/Switch.GetStatus?id=0"),
        ("tasmota", "/cm?cmnd=Power1"),
    ],
)
def test_a_relay_that_lets_nobody_in_answers_401(make_house: MakeHouse, kind: str, target: str) -> None:
    loads = site_data()["loads"]
    loads[0]["relay"]["kind"] = kind
    house = make_house(loads=loads)
    face = Faces(house).relay("miner")
    assert face("GET", target).status == 200
    house.faults.add(Fault.RELAY_DENIES)
    assert face("GET", target).status == 401


@pytest.mark.parametrize(
    ("kind", "target", "path"),
    [
        ("shelly_gen1", "/status", ("meters", 0, "counters")),
        ("shelly_gen2", "/rpc/Switch.GetStatus?id=0", ("apower",)),
        ("tasmota", "/cm?cmnd=Status%2010", ("StatusSNS", "ENERGY")),
    ],
)
def test_a_relay_may_be_without_a_meter(
    make_house: MakeHouse, kind: str, target: str, path: tuple[Any, ...]
) -> None:
    house = make_house(loads=[ROD | {"relay": ROD["relay"] | {"kind": kind}}])
    face = Faces(house).relay("miner")
    assert tells(face("GET", target), path)
    house.relays["miner"].has_meter = False
    assert not tells(face("GET", target), path)


def tells(answer: HttpAnswer, path: tuple[Any, ...]) -> bool:
    told = json.loads(answer.body)
    for step in path[:-1]:
        told = told[step]
    return path[-1] in told


def test_a_rod_draws_while_its_relay_is_closed_and_is_part_of_the_balance(make_house: MakeHouse) -> None:
    house = make_house(3000, 500, loads=[ROD])
    live(house, 5)
    assert (house.miners_w, house.miners) == (0, {})
    house.relays["miner"].switch(output=True, now_s=house.now_s, toggle_after_s=60, source="test")
    live(house, 5)
    assert house.miners_w == 2000
    assert house.grid_w == house.battery_w + 500 + 2000 - 3000
    assert house.status()["loads"]["miner"] == {"power_w": 2000, "level": "on", "relay": "closed"}
    live(house, 60)
    assert house.status()["loads"]["miner"] == {"power_w": 0, "level": "off", "relay": "open"}
