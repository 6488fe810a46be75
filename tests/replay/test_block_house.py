"""The house in large steps, held against the one that lives by the second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config import PlantConfig
from bitgrid.config.plant import PlantBattery, PlantMiner
from bitgrid.control.rule_set import battery
from bitgrid.kernel import OFF, Battery
from bitgrid.plant.model import House
from bitgrid.replay.battery_bank import BatteryBank
from bitgrid.replay.block_house import BlockHouse, Flow
from replay.houses import DAY_S, MAY_MORNING_S, shipped

BLOCK_S = 600
LEVELS = [OFF, "eco", "full", "eco", OFF, "full", OFF]
PV_W = [0, 300, 1200, 2600, 4200, 5200, 5900, 4000, 2500, 900, 100, 0]
HOUSE_W = [250, 700, 400, 2100]

CONFIG = shipped()
(LOAD,) = CONFIG.site.loads
HOME = battery(CONFIG)


class Turned:
    """Sun and household that hold still for a block."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        block = int(epoch_s - 1 - MAY_MORNING_S) // BLOCK_S
        return PV_W[block // 12 % 12], HOUSE_W[block // 3 % 4]


def by_the_second() -> House:
    assert HOME is not None
    physics = PlantBattery(
        max_charge_w=HOME.max_charge_w,
        max_discharge_w=HOME.max_discharge_w,
        one_way_efficiency=HOME.one_way_efficiency_permille / 1000,
    )
    plant = PlantConfig(schema=1, battery=physics, miner=PlantMiner(ramp_s=LOAD.ramp_s))
    return House(CONFIG.site, plant, Turned(), MAY_MORNING_S)


def order(house: House, level: str) -> None:
    """What the drivers would have the miner do, at once."""
    miner, relay = house.miners["miner"], house.relays["miner"]
    if level == OFF:
        miner.ask(hashing=False, at_s=house.now_s)
        relay.switch(output=True, now_s=house.now_s, toggle_after_s=LOAD.cooldown_s, source="test")
        return
    miner.set_power({known.name: known.power_w for known in LOAD.levels}[level])
    if not relay.output:
        relay.switch(output=True, now_s=house.now_s, toggle_after_s=86_400, source="test")


def test_some_days_go_as_in_the_house_that_lives_by_the_second() -> None:
    """Energies within 0.5 %, charge within 0.5 percentage points at any block, temperature within 2 K."""
    fine, coarse = by_the_second(), BlockHouse([LOAD], HOME, 600, MAY_MORNING_S, PlantMiner())
    total = Flow(0, 0, 0, (0,), 0, 0)
    imported_ws = 0
    for block in range(3 * DAY_S // BLOCK_S):
        level = LEVELS[block // 5 % len(LEVELS)]
        order(fine, level)
        coarse.miners["miner"].set_level(level, coarse.now_s)
        fine.step(fine.now_s + BLOCK_S)
        for _ in range(10):
            flow = coarse.live(60, PV_W[block // 12 % 12], HOUSE_W[block // 3 % 4])
            total = total.plus(flow)
            imported_ws += max(0, flow.grid_ws)
        assert coarse.soc is not None
        assert coarse.soc / 10 == pytest.approx(fine.soc_pct, abs=0.5)
        assert coarse.miners["miner"].temp_c == pytest.approx(fine.miners["miner"].temp_c, abs=2)
    energy = fine.energy
    assert total.pv_ws == energy.pv_ws
    assert total.house_ws == energy.house_ws
    assert total.miners_ws[0] == pytest.approx(energy.miners_ws, rel=0.005)
    assert imported_ws == pytest.approx(energy.imported_ws, rel=0.005)
    assert imported_ws - total.grid_ws == pytest.approx(energy.exported_ws, rel=0.005)
    assert energy.miners_ws > 10 * 3_600_000
    assert energy.exported_ws > 3_600_000


@given(
    steps=st.lists(
        st.tuples(st.integers(1, 900), st.integers(0, 20_000), st.integers(0, 20_000), st.sampled_from(LEVELS)),
        max_size=30,
    ),
    soc=st.integers(0, 1000),
)
def test_the_meter_closes_the_balance_to_the_watt_second(steps: list[tuple[int, int, int, str]], soc: int) -> None:
    house = BlockHouse([LOAD], HOME, soc, 0, PlantMiner())
    for seconds, pv_w, house_w, level in steps:
        house.miners["miner"].set_level(level, house.now_s)
        flow = house.live(seconds, pv_w, house_w)
        assert flow.grid_ws == flow.house_ws + sum(flow.miners_ws) + flow.battery_ws - flow.pv_ws
        assert 0 <= sum(flow.miners_ws) <= 1674 * seconds
        assert house.soc is not None
        assert 0 <= house.soc <= 1000


@given(
    steps=st.lists(st.tuples(st.integers(1, 3600), st.integers(-20_000, 20_000)), max_size=30),
    soc=st.integers(0, 1000),
    efficiency=st.integers(700, 1000),
)
def test_a_battery_gives_no_more_than_it_took(steps: list[tuple[int, int]], soc: int, efficiency: int) -> None:
    battery_ = Battery(5000, 3000, 2500, efficiency, 50)
    bank = BatteryBank(battery_, soc)
    began_mws, taken_ws, given_ws = bank.stored_mws, 0, 0
    for seconds, surplus_w in steps:
        flow_ws = bank.balance(surplus_w * seconds, seconds)
        assert -2500 * seconds <= flow_ws <= 3000 * seconds
        assert flow_ws * surplus_w >= 0
        assert abs(flow_ws) <= abs(surplus_w) * seconds
        taken_ws, given_ws = taken_ws + max(0, flow_ws), given_ws - min(0, flow_ws)
        assert 0 <= bank.stored_mws <= bank.full_mws
    kept_mws = bank.stored_mws - began_mws
    assert kept_mws <= taken_ws * efficiency - given_ws * 1_000_000 / efficiency + 1
    assert kept_mws >= taken_ws * efficiency - given_ws * 1_000_000 / efficiency - len(steps) - 1


def test_the_ramp_of_a_start_is_its_integral() -> None:
    house = BlockHouse([LOAD], None, 0, 0, PlantMiner(standby_w=10, boot_s=40))
    house.miners["miner"].set_level("full", 0)
    ramp_s = LOAD.ramp_s
    flow = house.live(40 + ramp_s + 100, 0, 0)
    assert flow.miners_ws == (40 * 10 + (10 + 1674) * ramp_s // 2 + 1674 * 100,)
    by_minutes = BlockHouse([LOAD], None, 0, 0, PlantMiner(standby_w=10, boot_s=40))
    by_minutes.miners["miner"].set_level("full", 0)
    pieces = [by_minutes.live(seconds, 0, 0) for seconds in (7, 40, 13, 60, 99, ramp_s + 140 - 219)]
    assert sum(piece.miners_ws[0] for piece in pieces) == pytest.approx(flow.miners_ws[0], abs=len(pieces))
