"""Scenario: the recorder's days. Measured, decided, archived when over, and only then is the hot copy deleted.

Promised: a value that was written is hot or cold at any instant, never neither; the archive verifies.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.clock import HeldClock
from bitgrid.store import Ledger, TelemetryStore
from bitgrid.store.archive.keeper import Keeper
from bitgrid.store.archive.outcome import Outcome
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.retention import Limits
from bitgrid.store.archive.verify import verify
from bitgrid.store.archivist import AGAIN_S, Archivist
from bitgrid.store.hot import open_telemetry
from bitgrid.store.telemetry import Measured
from powercut.child import Teller
from powercut.judge import Told
from store.archive.house import tick

DAY_S = 86_400
START_S = 19_700 * DAY_S
DAYS = 4
_PARTS = 4
_AMPLE = Limits(full_days=1000, keep_days=1000, warn_free_bytes=0, min_free_bytes=0)


@dataclass
class _HereAndNow:
    """The archive's run in this process; what it does to files is what the child does."""

    data: Path
    clock: HeldClock
    done: list[Outcome] = field(default_factory=list)

    def start(self) -> None:
        self.done.append(Keeper(self.data, _AMPLE, self.clock).run())

    def outcome(self) -> Outcome | None:
        return self.done.pop()


def play(root: Path, tell: Teller) -> None:
    """Four days, each in some batches; each night the archivist does what is due."""
    clock = HeldClock(wall_s=float(START_S))
    store, _ = open_telemetry(root / "bitgrid.sqlite", clock)
    archivist = Archivist(store, _HereAndNow(root, clock), clock)
    with closing(store), closing(Ledger(root / "ledger")) as ledger:
        for number in range(DAYS * _PARTS):
            store.append(batch(number))
            tell("batch", number=number)
            ledger.append(tick(START_S + number * DAY_S // _PARTS), "{}")
            clock.advance(DAY_S // _PARTS)
            for _ in range(6):
                archivist.step()
                clock.advance(AGAIN_S / 6)
            clock.advance(-AGAIN_S)


def batch(number: int) -> list[Measured]:
    """What a quarter of a day brings."""
    at_s = float(START_S + number * DAY_S // _PARTS)
    return [Measured(at_s + one, "meter", f"signal_{one % 5}_w", float(number), "good") for one in range(20)]


def check(root: Path, told: Told) -> None:
    """What was written is there, hot or cold; also after the next run of the archive."""
    clock = HeldClock(wall_s=float(START_S + (DAYS + 3) * DAY_S))
    store, loss = open_telemetry(root / "bitgrid.sqlite", clock)
    with closing(store), closing(Ledger(root / "ledger")):
        assert loss is None, loss
        written = [one for told_one in told.done("batch") for one in batch(told_one["number"])]
        _is_there(root, store, written, "after the start")
        archivist = Archivist(store, _HereAndNow(root, clock), clock)
        for _ in range(4 * DAYS):
            clock.advance(AGAIN_S)
            problem = archivist.step()
            assert not problem, problem
        _is_there(root, store, written, "after the archive's next run")
        assert not list(store.rows(0, 4e9)), "a hot copy stays"
    assert not (problems := verify(root / "archive")), problems[0]


def _is_there(root: Path, store: TelemetryStore, written: list[Measured], when: str) -> None:
    cold = ArchiveReader(root / "archive").table("telemetry").to_pylist()
    found = {(one["at_s"], one["signal"], one["value"]) for one in cold}
    found |= {(one.at_s, one.signal, one.value) for one in store.rows(0, 4e9)}
    lost = [one for one in written if (one.at_s, one.signal, one.value) not in found]
    assert not lost, f"{len(lost)} values are neither hot nor cold {when}: {lost[0]}"
