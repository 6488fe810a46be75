"""When to revive a program that supervisord has given up: soon at first, ever more rarely, never not at all.

Pure bookkeeping; who starts programs and tells the time is handed in by `services.reviver`.
"""

from __future__ import annotations

from dataclasses import dataclass

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
FORGIVEN_AFTER_S = 600.0


@dataclass
class _Patient:
    failures: int
    failed_s: float
    due_s: float | None


class Revival:
    """Back-off of every program that failed. All times are boot-clock seconds."""

    def __init__(self) -> None:
        self._patients: dict[str, _Patient] = {}

    def failed(self, name: str, now_s: float) -> float:
        """A program was given up; returns the seconds until it will be revived.

        One that had been well for ten minutes since its last failure begins at the shortest delay again.
        """
        known = self._patients.get(name)
        if known and known.due_s is not None:
            return known.due_s - now_s
        failures = known.failures + 1 if known and now_s - known.failed_s < self._forgiven_s(known) else 1
        delay_s = _back_off_s(failures)
        self._patients[name] = _Patient(failures, now_s, now_s + delay_s)
        return delay_s

    def take_due(self, now_s: float) -> list[str]:
        """Programs to revive now, each named once."""
        due = [name for name, one in self._patients.items() if one.due_s is not None and one.due_s <= now_s]
        for name in due:
            self._patients[name].due_s = None
        return sorted(due)

    def seconds_until_due(self, now_s: float) -> float | None:
        """How long until `take_due` has something; None when nothing waits."""
        waiting = [one.due_s for one in self._patients.values() if one.due_s is not None]
        return max(0.0, min(waiting) - now_s) if waiting else None

    def _forgiven_s(self, patient: _Patient) -> float:
        return _back_off_s(patient.failures) + FORGIVEN_AFTER_S


def _back_off_s(failures: int) -> float:
    return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]
