"""What a kWh brings: reckoned by hand, and at the halvings."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bitgrid.feeds.bitcoin.mining import ct_per_kwh, sats_per_kwh, subsidy_sats
from feeds.bitcoin.answers import DIFFICULTY, HEIGHT


@pytest.mark.parametrize(
    ("height", "sats"),
    [
        (0, 5_000_000_000),
        (209_999, 5_000_000_000),
        (210_000, 2_500_000_000),
        (629_999, 1_250_000_000),
        (630_000, 625_000_000),
        (839_999, 625_000_000),
        (840_000, 312_500_000),
        (1_049_999, 312_500_000),
        (1_050_000, 156_250_000),
        (10 * 210_000, 4_882_812),
        (32 * 210_000, 1),
        (33 * 210_000, 0),
        (64 * 210_000, 0),
        (10**9, 0),
    ],
)
def test_new_coins_halve_every_210_000_blocks_and_are_whole(height: int, sats: int) -> None:
    assert subsidy_sats(height) == sats


def test_all_coins_together_are_the_known_number() -> None:
    """20,999,999.9769 bitcoin, as every description of the protocol says."""
    assert sum(210_000 * subsidy_sats(era * 210_000) for era in range(64)) == 2_099_999_997_690_000


def test_a_kilowatt_hour_reckoned_by_hand() -> None:
    """At 20 J/TH a kWh is 180,000 TH; at difficulty 1e14 a block takes 4.294967296e11 TH: 130.967 sats of it."""
    assert sats_per_kwh(20.0, 1e14, 900_000) == pytest.approx(130.9672, abs=0.0001)


def test_an_avalon_in_january_2026() -> None:
    hashes = Fraction(3_600_000) / Fraction("18.6") * 10**12
    exact = hashes / (Fraction(DIFFICULTY) * 2**32) * 312_500_000
    assert sats_per_kwh(18.6, DIFFICULTY, HEIGHT) == pytest.approx(float(exact), rel=1e-12)
    assert sats_per_kwh(18.6, DIFFICULTY, HEIGHT) == pytest.approx(99.4, abs=0.05)


def test_the_reward_is_that_of_the_next_block() -> None:
    before, last = sats_per_kwh(20, 1e14, 1_049_998), sats_per_kwh(20, 1e14, 1_049_999)
    assert last == pytest.approx(before / 2), "after block 1,049,999 comes the halving"


def test_fees_add_and_the_pool_takes() -> None:
    plain = sats_per_kwh(20, 1e14, 900_000)
    assert sats_per_kwh(20, 1e14, 900_000, fees_sats=31_250_000) == pytest.approx(plain * 1.1)
    assert sats_per_kwh(20, 1e14, 900_000, pool_fee_pct=2.5) == pytest.approx(plain * 0.975)
    assert sats_per_kwh(20, 1e14, 900_000, pool_fee_pct=100) == 0


def test_satoshi_in_cent() -> None:
    assert ct_per_kwh(100, 80_000) == pytest.approx(8.0)
