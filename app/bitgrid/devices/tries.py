"""When the next try of something is due. Pure; times are boot times."""

from __future__ import annotations

import math

LONGEST_S = 10.0


class Tries:
    """Due at once; after a failure soon, then ever later up to `LONGEST_S`; after a success after a fixed while.

    Args:
        again_s: how long a success rests.
    """

    def __init__(self, again_s: float) -> None:
        self.succeeded_boot_s: float | None = None
        self.tried_boot_s: float | None = None
        self._again_s = again_s
        self.restart()

    def restart(self) -> None:
        """Begin anew."""
        self.succeeded_boot_s = self.tried_boot_s = None
        self._failures = 0
        self._due_boot_s = -math.inf

    def is_due(self, now: float) -> bool:
        """Whether it is time."""
        return now >= self._due_boot_s

    def tried(self, began: float, now: float, *, failed: bool) -> None:
        """It was tried, from ``began`` until now."""
        if self.tried_boot_s is None:
            self.tried_boot_s = began
        if failed:
            self._failures += 1
            self._due_boot_s = now + min(LONGEST_S, 2.0 ** (min(self._failures, 5) - 1))
            return
        self._failures = 0
        self.succeeded_boot_s = began
        self._due_boot_s = now + self._again_s
