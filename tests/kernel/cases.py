"""Random cases from a seed, decided and hashed: `python -m kernel.cases SEED COUNT ORDER` prints the hash of all.

Needs nothing but the kernel, `houses.py` and the standard library, so that any Python there is can be asked.
"""

from __future__ import annotations

import hashlib
import random
import sys
from dataclasses import replace

from bitgrid.kernel import (
    Battery,
    EnergyState,
    Forecast,
    LoadMemory,
    Override,
    Policy,
    Quality,
    RuleSet,
    Signal,
    Trigger,
    Vote,
    advance,
    canonical_json,
    decide,
    decision_record,
    forecast_record,
    memory_record,
    outlook,
    state_record,
)
from bitgrid.kernel.counterfactual import counterfactuals
from kernel.houses import MINER, RANGES, RARE


def case(chance: random.Random, order: str) -> str:
    """One case's records, as canonical JSON; ``order`` is that in which the signals are told."""
    block = chance.randrange(3_000_000, 3_000_100)
    state = EnergyState(
        at_s=block * 600 + chance.randrange(600),
        block=block,
        local_day=20270101,
        signals=signals(chance, order),
        required=chance.choice([(), ("grid_power_w",)]),
        load_ids=("miner",),
        forecast=forecast(chance, block),
        autonomy=chance.choice([0, 1, 2, 3, 3, 3]),
        confirmation=chance.choice([None, "eco", "full"]),
    )
    state = replace(state, outlook=outlook(state, Battery(10_000)))
    rules = RuleSet(policy=chance.choice(list(Policy)), r4_prestart=chance.random() < 0.5)
    decision = decide(state, memory(chance, block), rules, MINER, chance.choice(list(Trigger)))
    return canonical_json(
        [
            decision_record(decision),
            state_record(state),
            memory_record(advance(decision)),
            None if state.forecast is None else forecast_record(state.forecast),
            [answer.record() for answer in counterfactuals(decision)] if chance.random() < 0.1 else None,
        ]
    )


def signals(chance: random.Random, order: str) -> dict[str, Signal]:
    told = []
    for name, (low, high) in RANGES.items():
        quality = chance.choice([Quality.GOOD] * 12 + [Quality.STALE, Quality.MISSING])
        value, age_s = chance.randint(low, high), chance.randrange(90)
        if chance.random() < (0.05 if name in RARE else 0.85):
            told.append((name, Signal(None if quality is Quality.MISSING else value, age_s, quality, "é")))
    if order == "shuffled":
        random.Random(len(told)).shuffle(told)
    return dict(reversed(told) if order == "reversed" else told)


def forecast(chance: random.Random, block: int) -> Forecast | None:
    count = chance.choice([0, 2, 5, 144])
    pv = tuple(chance.randrange(6000) for _ in range(count))
    low, prices = tuple(power // 2 for power in pv), tuple(chance.randrange(4000) for _ in pv)
    return Forecast(block - chance.randrange(2), pv, low, pv, import_prices=prices) if count else None


def memory(chance: random.Random, block: int) -> LoadMemory:
    since_s = block * 600 + chance.randrange(-600, 1200)
    word = Override(chance.choice([Vote.STOP, Vote.LEVEL]), "eco", since_s)
    return LoadMemory(
        level=chance.choice(["off", "eco", "full"]),
        last_change_block=block - chance.randrange(5),
        last_start_block=chance.choice([None, block - chance.randrange(5)]),
        starts=chance.randrange(8),
        starts_day=20270101,
        lockout_until_s=chance.choice([None, None, since_s]),
        override=chance.choice([None, None, None, word]),
        stop_wished_block=chance.choice([None, block - chance.randrange(5)]),
    )


def digest(seed: int, count: int, order: str) -> str:
    chance, told = random.Random(seed), hashlib.sha256()
    for _case in range(count):
        told.update(case(chance, order).encode())
    return told.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
