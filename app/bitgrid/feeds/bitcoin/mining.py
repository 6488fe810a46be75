"""What a kilowatt hour of hashing is expected to bring: arithmetic, and nothing else."""

from __future__ import annotations

HALVING_BLOCKS = 210_000
FIRST_SUBSIDY_SATS = 50 * 100_000_000
NO_MORE_HALVINGS = 64
HASHES_PER_DIFFICULTY = 2**32
HASHES_PER_TERAHASH = 10**12
JOULES_PER_KWH = 3_600_000
SATS_PER_BTC = 100_000_000


def subsidy_sats(height: int) -> int:
    """The new coins of the block at a height, satoshi; halved every 210,000 blocks, rounded down.

    Source: Bitcoin Core, ``GetBlockSubsidy`` in src/validation.cpp.
    """
    halvings = height // HALVING_BLOCKS
    return 0 if halvings >= NO_MORE_HALVINGS else FIRST_SUBSIDY_SATS >> halvings


def sats_per_kwh(
    joules_per_terahash: float, difficulty: float, height: int, *, fees_sats: int = 0, pool_fee_pct: float = 0.0
) -> float:
    """What a kWh is expected to bring at today's difficulty, satoshi.

    A block takes difficulty × 2^32 hashes on average; each terahash is worth its share of the reward of the block
    that comes next. Source: Bitcoin Wiki, "Difficulty" (en.bitcoin.it/wiki/Difficulty), which derives the 2^32
    from the target of difficulty 1; exact to 15 parts in a million.

    Args:
        joules_per_terahash: of the miner, measured at the wall; above 0.
        difficulty: above 0.
        height: of the newest block known; the reward is that of the one after it.
        fees_sats: fees counted beside the subsidy.
        pool_fee_pct: what the pool keeps, percent.
    """
    terahashes = JOULES_PER_KWH / joules_per_terahash
    blocks = terahashes * HASHES_PER_TERAHASH / (difficulty * HASHES_PER_DIFFICULTY)
    return blocks * (subsidy_sats(height + 1) + fees_sats) * (1 - pool_fee_pct / 100)


def ct_per_kwh(sats: float, eur_per_btc: float) -> float:
    """The worth of so many satoshi a kWh, ct/kWh."""
    return sats / SATS_PER_BTC * eur_per_btc * 100
