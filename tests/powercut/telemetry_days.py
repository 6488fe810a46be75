"""Scenario: telemetry in batches, and old values dropped.

Promised: batches whole or not at all, in order, no hole; and no cut takes more than one that was written, whatever
the kernel writes back by itself. ``synchronous=NORMAL`` would promise the first alone.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from bitgrid.store import telemetry
from bitgrid.store.telemetry import Measured, TelemetryStore
from powercut.child import Teller
from powercut.judge import Told

_SIGNALS = 40
_A_BATCH = 6
"""Values of a signal in a batch: one in ten seconds."""
START_S = 1_700_000_000.0


def at_its_pace(root: Path, tell: Teller) -> None:
    """Twenty-five batches; in the middle what is older than ten is dropped."""
    with closing(TelemetryStore(root / "bitgrid.sqlite")) as store:
        for number in range(25):
            store.append(batch(number))
            tell("batch", number=number)
            if number == 15:
                tell("dropping", before_s=batch(5)[0].at_s)
                store.drop_before(batch(5)[0].at_s)


def careless(root: Path, tell: Teller) -> None:
    """``synchronous=NORMAL``."""
    telemetry.PRAGMAS["synchronous"] = "normal"
    in_a_hurry(root, tell)


def in_a_hurry(root: Path, tell: Teller) -> None:
    """Forty batches that nothing but SQLite syncs, so that its log is written back in between."""
    with closing(TelemetryStore(root / "bitgrid.sqlite")) as store:
        for number in range(40):
            store.append(batch(number))
            tell("batch", number=number)


def batch(number: int) -> list[Measured]:
    """What a minute brings."""
    times = [START_S + 60.0 * number + 10.0 * tick for tick in range(_A_BATCH)]
    return [
        Measured(at_s, "meter", f"signal_{one}_w", number + at_s % 7, "good")
        for at_s in times
        for one in range(_SIGNALS)
    ]


def check_pace(root: Path, told: Told) -> None:
    """At most one batch is lost."""
    found = _whole_batches(root, told)
    lost = len(told.done("batch")) - 1 - found[-1] if found else len(told.done("batch"))
    assert lost <= 1, f"{lost} batches are lost"


def check_order(root: Path, told: Told) -> None:
    """Whole batches, the last ones lost."""
    _whole_batches(root, told)


def _whole_batches(root: Path, told: Told) -> list[int]:
    """The numbers of the batches that are there after a start; each is whole, and none between two is missing."""
    with closing(TelemetryStore(root / "bitgrid.sqlite")) as store:
        dropping = told.done("dropping")
        found = _numbers(store)
        made = len(told.done("batch")) + 1
        assert found == list(range(found[0], found[-1] + 1)) if found else True, f"there is a hole: {found}"
        assert not found or (found[0] in ((0, 5) if dropping else (0,)) and found[-1] < made), found
        store.append(batch(1000))
        assert store.values("meter", "signal_0_w", batch(1000)[0].at_s) == batch(1000)[::_SIGNALS]
    return found


def _numbers(store: TelemetryStore) -> list[int]:
    signals = [store.values("meter", f"signal_{one}_w", 0) for one in range(_SIGNALS)]
    times = [[value.at_s for value in values] for values in signals]
    assert all(these == times[0] for these in times), "a batch is there in part"
    numbers = sorted({int((at_s - START_S) // 60) for at_s in times[0]})
    assert times[0] == [value.at_s for number in numbers for value in batch(number)[::_SIGNALS]], (
        "a part of a batch"
    )
    return numbers
