"""A seed becomes a story: what goes wrong in a run, when, and for how long. The same seed, the same story."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from chaos.kinds import MOMENTS, NEED_A_STOP, ONLY_THE_RELAY_HELPS, Kind

FIRST_STRIKE_S = 10
WITHIN_S = 240
LASTS_S = (2, 10, 30, 60, 100, 200)
LASTING_S = {Kind.DISK_FULL: 660, Kind.DISK_READ_ONLY: 660, Kind.MINER_HOT: 400}
"""A full disk shows with the next block's record, and blocked air takes minutes to heat the chips."""
QUIET_S = 150
MOST_STRIKES = 4


@dataclass(frozen=True)
class Strike:
    """One thing that goes wrong; seconds of the house since the run began with a running miner."""

    at_s: int
    kind: Kind
    lasts_s: int

    @property
    def ends_s(self) -> int:
        """When it is over."""
        return self.at_s + self.lasts_s

    def __str__(self) -> str:
        return f"{self.at_s:>4} s  {self.kind.value}" + (f", for {self.lasts_s} s" if self.lasts_s else "")


@dataclass(frozen=True)
class Story:
    """All that goes wrong in one run, in order of time."""

    seed: int
    strikes: tuple[Strike, ...]

    @property
    def kinds(self) -> frozenset[Kind]:
        """What goes wrong in it."""
        return frozenset(strike.kind for strike in self.strikes)

    @property
    def ends_s(self) -> int:
        """When all is over and a while has passed in which it would show."""
        return max(strike.ends_s for strike in self.strikes) + QUIET_S

    def __str__(self) -> str:
        return "\n".join(f"  {strike}" for strike in self.strikes)


def story(seed: int, possible: Collection[Kind] = tuple(Kind), most: int = MOST_STRIKES) -> Story:
    """The story of a seed, of what is possible where it is played.

    Half of all stories have one fault alone, so that its time to off can be told. The others mix up to ``most``.
    """
    chance = random.Random(seed)
    kinds = sorted(set(possible))
    first = kinds[seed % len(kinds)]
    count = 1 if chance.random() < 0.5 else chance.randint(2, most)
    strikes = list(_strikes(first, FIRST_STRIKE_S + chance.randrange(30), chance))
    for _ in range(count - 1):
        kind = chance.choice(kinds)
        if _fits(kind, {strike.kind for strike in strikes}):
            strikes += _strikes(kind, FIRST_STRIKE_S + chance.randrange(WITHIN_S), chance)
    return Story(seed, tuple(sorted(strikes, key=lambda strike: (strike.at_s, strike.kind))))


def _strikes(kind: Kind, at_s: int, chance: random.Random) -> Iterator[Strike]:
    lasts_s = 0 if kind in MOMENTS else LASTING_S.get(kind) or chance.choice(LASTS_S)
    if kind in NEED_A_STOP:
        lasts_s = LASTS_S[-1]
        yield Strike(at_s, Kind.PERSON_STOPS, 0)
        at_s += 60 if kind is Kind.RELAY_BUTTON else -5
    yield Strike(at_s, kind, lasts_s)


def _fits(kind: Kind, others: set[Kind]) -> bool:
    """Whether there is still a layer that could put the miner off; and no fault twice."""
    together = others | {kind}
    is_beyond = Kind.RELAY_STUCK in together and bool(together & ONLY_THE_RELAY_HELPS)
    return kind not in others and not is_beyond
