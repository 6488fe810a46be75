"""What the edge's boot clock shows, as far as the gateway can know: between two bounds, by questions answered.

A question that left at ``e`` and was answered with the edge's time ``t`` at ``now`` says: when it came back the
edge's clock stood at ``t`` at least, and at ``t + (now - e)`` at most, however long either way took. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

LONGEST_ROUND_S = 2.0
"""An answer that took longer tells too little; the link counts as cut while none is quicker."""
KNOWN_FOR_S = 10.0
"""So long after the newest answer times are translated; two clocks drift apart by a millisecond in that time."""
KEPT = 20


@dataclass(frozen=True)
class _Answer:
    at_boot_s: float
    least_s: float
    most_s: float


class ClockBounds:
    """The two bounds, from the newest answers of one instance of the edge's end."""

    def __init__(self) -> None:
        self._answers: deque[_Answer] = deque(maxlen=KEPT)
        self._instance = ""

    def answered(self, instance: str, echo_boot_s: float, edge_boot_s: float, now_boot_s: float) -> None:
        """Take an answer in; one that took too long, or is no answer to a question of ours, changes nothing."""
        if not 0 <= now_boot_s - echo_boot_s <= LONGEST_ROUND_S:
            return
        if instance != self._instance:  # it may have another boot clock
            self._answers.clear()
            self._instance = instance
        answer = _Answer(now_boot_s, edge_boot_s - now_boot_s, edge_boot_s - echo_boot_s)
        if any(answer.least_s > known.most_s or answer.most_s < known.least_s for known in self._answers):
            self._answers.clear()  # they contradict each other: the clock was set, and the newest is right
        self._answers.append(answer)

    def is_known(self, now_boot_s: float) -> bool:
        """Whether times can be translated."""
        return bool(self._answers) and 0 <= now_boot_s - self._answers[-1].at_boot_s <= KNOWN_FOR_S

    def at_edge(self, boot_s: float) -> float:
        """The edge's time at a boot time of this host, or earlier: what it dates seems older, never younger."""
        return boot_s + max(answer.least_s for answer in self._answers)

    def here(self, edge_boot_s: float) -> float:
        """This host's time at a time of the edge, or earlier: what ends then ends too early, never too late."""
        return edge_boot_s - min(answer.most_s for answer in self._answers)
