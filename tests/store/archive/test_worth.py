"""What a block's energy became."""

from __future__ import annotations

from typing import Any

import pytest

from bitgrid.store import DecisionRow
from bitgrid.store.archive.told import Told
from bitgrid.store.archive.worth import Series, mean, worth_rows
from store.archive.days import START_S
from store.archive.house import BLOCK_S, tick

DAY_ENDS_S = START_S + 86_400


def told(*rows: DecisionRow) -> list[Told]:
    return [
        Told(seq, row.load, row.clock_epoch, row.block, row.trigger, row.at_s, row.record, "")
        for seq, row in enumerate(rows, 1)
    ]


def steady(value: float | None, blocks: int = 2, first_s: int = START_S) -> Series:
    times = [float(first_s + second) for second in range(0, blocks * BLOCK_S, 10)]
    return times, [value] * len(times)


def worth(rows: list[Told], **power_w: Series) -> list[dict[str, Any]]:
    measured = {(load, "power_w"): series for load, series in power_w.items()}
    return worth_rows(rows, measured, DAY_ENDS_S)


def test_energy_is_mean_power_times_the_block_and_is_worth_what_the_decision_said() -> None:
    rows = told(tick(START_S + 2), tick(START_S + BLOCK_S, surplus_w=300))
    measured = {("miner", "power_w"): steady(600.0), ("miner", "hashrate_ths"): steady(30.0)}
    first = worth_rows(rows, measured, DAY_ENDS_S)[0]
    assert first == {
        "block": START_S // BLOCK_S,
        "at_s": START_S + 2,
        "load": "miner",
        "energy_wh": pytest.approx(100.0, abs=1e-4),
        "surplus_wh": pytest.approx(50.0, abs=1e-4),
        "path": "hodl",
        "value_ct": pytest.approx(1.6, abs=1e-4),
        "export_value_ct": pytest.approx(0.4, abs=1e-4),
        "sats": pytest.approx(20.0, abs=1e-4),
        "j_per_th": pytest.approx(20.0, abs=1e-4),
        "import_price_ct_kwh": 30.0,
        "export_price_ct_kwh": 8.0,
    }


@pytest.mark.parametrize(
    "rows",
    [
        told(tick(START_S)),
        told(tick(START_S), tick(START_S + 2 * BLOCK_S)),
        told(tick(START_S), tick(START_S + BLOCK_S, epoch=1)),
        told(tick(START_S), tick(START_S + BLOCK_S, surplus_w=None)),
    ],
    ids=["nothing after it", "a gap after it", "a clock's step after it", "no surplus was known"],
)
def test_what_of_it_was_surplus_is_not_known_without_the_next_tick(rows: list[Told]) -> None:
    first = worth(rows, miner=steady(600.0))[0]
    assert first["energy_wh"] == pytest.approx(100.0, abs=1e-4)
    assert (first["surplus_wh"], first["export_value_ct"]) == (None, None)


def test_a_block_measured_for_less_than_half_has_no_energy() -> None:
    assert worth(told(tick(START_S)), miner=steady(None))[0]["energy_wh"] is None
    assert worth(told(tick(START_S)))[0]["value_ct"] is None
    for seconds, energy_wh in ((230, None), (250, pytest.approx(100.0, abs=1e-4))):
        times = [float(START_S + second) for second in range(0, seconds, 10)]
        assert worth(told(tick(START_S)), miner=(times, [600.0] * len(times)))[0]["energy_wh"] == energy_wh


def test_the_surplus_is_shared_in_the_order_of_the_decisions() -> None:
    first, after = START_S, START_S + BLOCK_S
    rows = told(tick(first, "miner"), tick(first, "rod"), tick(after, "miner", 900), tick(after, "rod", 0))
    shares = worth(rows, miner=steady(600.0), rod=steady(600.0))[:2]
    assert [row["surplus_wh"] for row in shares] == [pytest.approx(100.0, abs=1e-4), pytest.approx(50.0, abs=1e-4)]


def test_a_surplus_below_nothing_is_none() -> None:
    rows = told(tick(START_S), tick(START_S + BLOCK_S, surplus_w=-400))
    assert worth(rows, miner=steady(600.0))[0]["surplus_wh"] == 0.0


def test_a_block_decided_in_two_epochs_counts_once_and_only_ticks_count() -> None:
    protect = DecisionRow("miner", 0, START_S // BLOCK_S, "PROTECT", START_S + 9, tick(START_S).record)
    rows = told(tick(START_S), protect, tick(START_S + 5, epoch=1))
    (only,) = worth(rows, miner=steady(600.0))
    assert only["at_s"] == START_S + 5


def test_the_first_tick_of_the_next_day_tells_of_this_days_last_block_and_has_no_row() -> None:
    last_s = DAY_ENDS_S - BLOCK_S
    rows = told(tick(last_s), tick(DAY_ENDS_S, surplus_w=300))
    (only,) = worth(rows, miner=steady(600.0, first_s=last_s))
    assert only["surplus_wh"] == pytest.approx(50.0, abs=1e-4)


def test_a_damaged_record_has_a_row_without_worth() -> None:
    damaged = Told(1, "miner", 0, START_S // BLOCK_S, "TICK", START_S, "{", "")
    (only,) = worth([damaged], miner=steady(600.0))
    assert (only["energy_wh"], only["path"], only["value_ct"]) == (pytest.approx(100.0, abs=1e-4), None, None)


def test_a_value_holds_until_the_next_but_no_longer_than_a_minute() -> None:
    assert mean(([0.0, 50.0], [100.0, 300.0]), 0.0, 100.0) == pytest.approx(200.0)
    assert mean(([-30.0, 30.0], [100.0, 300.0]), 0.0, 60.0) == pytest.approx(200.0)
    assert mean(([-61.0], [100.0]), 0.0, 60.0) is None
    assert mean(([0.0], [100.0]), 0.0, 121.0) is None
