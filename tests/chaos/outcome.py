"""What came of a run, in a form that can be counted, printed and repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.invariant import Invariant
from chaos.kinds import LEADS_TO, NEED_A_STOP, Kind
from chaos.story import Story, Strike


@dataclass(frozen=True)
class Struck:
    """A strike, and when it really happened, by the boot clock."""

    strike: Strike
    boot_s: float


@dataclass(frozen=True)
class ToOff:
    """How long the miner drew power after a fault that was alone; None: it ran on."""

    kind: Kind
    seconds: float | None


@dataclass(frozen=True)
class Outcome:
    """A run that is over."""

    story: Story
    told: str
    violations: tuple[str, ...]
    to_off: tuple[ToOff, ...]

    @property
    def is_good(self) -> bool:
        """Whether the invariant held."""
        return not self.violations

    def failure(self, world: str) -> str:
        """What to print: the seed, all that happened with its times, and the command that repeats it."""
        broken = "\n".join(f"  {text}" for text in self.violations)
        return (
            f"chaos, {world}, seed {self.story.seed}: the invariant was broken\n{broken}\n"
            f"what happened, seconds since the run began:\n{self.told}\n"
            f"again: make chaos WORLD={world} SEED={self.story.seed} RUNS=1"
        )


def outcome(story: Story, invariant: Invariant, struck: Sequence[Struck]) -> Outcome:
    """Sum up a run."""
    began_boot_s = struck[0].boot_s - struck[0].strike.at_s
    broken = tuple(f"{found.boot_s - began_boot_s:>6.1f} s  {found.text}" for found in invariant.violations)
    told = "\n".join(f"{one.boot_s - began_boot_s:>6.1f} s  {one.strike}" for one in struck)
    return Outcome(story, told, broken, tuple(_to_off(invariant, struck)))


def _to_off(invariant: Invariant, struck: Sequence[Struck]) -> list[ToOff]:
    """The times of faults that came alone, counted from when the miner lost what it needs.

    Of those that need a stop to show they count from the stop; of power that a fault makes, from when it began.
    """
    kinds = {one.strike.kind for one in struck}
    showing = kinds & NEED_A_STOP
    if len(kinds) > 1 and not (len(kinds) == 2 and showing and Kind.PERSON_STOPS in kinds):
        return []
    kind = next(iter(showing or kinds))
    if kind in {Kind.STARTS_ITSELF, Kind.RELAY_BUTTON}:
        return [ToOff(kind, invariant.longest_self_made_s(struck[-1].boot_s))]
    lost_boot_s = invariant.lost_at.get(LEADS_TO[kind]) if kind in LEADS_TO else struck[0].boot_s
    return [ToOff(kind, None if lost_boot_s is None else invariant.off_after_s(lost_boot_s))]
