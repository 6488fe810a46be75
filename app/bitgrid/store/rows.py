"""What the ledger holds, row by row, as the rest of the house sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecisionRow:
    """A decision as stored; ``record`` is canonical JSON of decision, state and memory.

    ``seq`` is its number in the ledger, which decisions and events share; 0 while it is not written.
    """

    load: str
    clock_epoch: int
    block: int
    trigger: str
    at_s: int
    record: str
    seq: int = 0

    @property
    def id(self) -> str:
        """Names the decision on the bus and in the API."""
        return f"{self.load}-{self.clock_epoch}-{self.block}-{self.trigger.lower()}-{self.at_s}"


@dataclass(frozen=True)
class EventRow:
    """Something that happened: ``kind`` is safety, health or audit; ``record`` is JSON; ``seq`` as above."""

    at_s: int
    kind: str
    record: str
    seq: int = 0
