"""A load as the rule daemon knows it: what it can do, and what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bitgrid.kernel import OFF, LoadMemory, LoadProfile


@dataclass
class Load:
    """A load. A person's wish for a level that it has no more is void."""

    profile: LoadProfile
    memory: LoadMemory
    trip_recorded: str | None = None
    event_recorded: str | None = None
    confirmed: tuple[tuple[int, int], str] | None = None
    """Clock epoch and block in which a person said yes, and to which level."""

    def __post_init__(self) -> None:
        override = self.memory.override
        if override is not None and not self.knows(override.level):
            self.memory = replace(self.memory, override=None)

    def knows(self, level: str) -> bool:
        """Whether it can be off, or run at a level of this name."""
        return level == OFF or any(known.name == level for known in self.profile.levels)

    def confirmation(self, epoch: int, block: int) -> str | None:
        """The level a person has said yes to, while the block lasts."""
        return self.confirmed[1] if self.confirmed is not None and self.confirmed[0] == (epoch, block) else None
