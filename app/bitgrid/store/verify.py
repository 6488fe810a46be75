"""Verifying the ledger: every record read again, and everything that was changed, lost or put in is named.

Found: a record changed, missing, moved, inserted or cut off; a file missing, renamed, replaced or added; a month
without its seal or with a broken one; a configuration or forecast that is not what its hash says, or is missing
where a decision names it; triggers taken out; a file that SQLite itself finds damaged.

Not found, because it cannot be from inside: whoever may write the files and reckons every hash anew, from a record
to the end and in all files after it, makes another ledger that is as sound as this one. The same holds for cutting
off the end and setting SQLite's own counters back, for taking away the last file or its write-ahead log, and for
putting an older copy in its place. Against that, note down the head (`Ledger.head`) elsewhere and verify against
it. The memory table is what the loads remember now, not history: it may change and is not vouched for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.store import month
from bitgrid.store.chain import BEGINNING, Head
from bitgrid.store.errors import StoreError
from bitgrid.store.verify_month import Fault, MonthCheck, Walk

_BESIDE = ("-wal", "-shm", "-journal")


@dataclass
class Verification:
    """What was looked at, and every fault found; times are UTC epoch seconds."""

    files: int = 0
    decisions: int = 0
    events: int = 0
    first_at_s: int | None = None
    last_at_s: int | None = None
    head: Head = BEGINNING
    faults: list[Fault] = field(default_factory=list)


def verify(directory: Path, known: Head | None = None) -> list[Fault]:
    """Every fault of the ledger in a directory; see `inspect`."""
    return inspect(directory, known).faults


def inspect(
    directory: Path, known: Head | None = None, heard: Callable[[int], None] = lambda _records: None
) -> Verification:
    """Verify the ledger in a directory.

    Args:
        directory: where the monthly files are.
        known: a head noted down earlier, which must still be in the chain.
        heard: called now and then with the number of records verified since.
    """
    files = month.months(directory)
    walk = Walk(known, heard)
    walk.faults += _strangers(directory, files)
    for number, path in enumerate(files):
        try:
            with closing(month.open_reading(path)) as connection:
                MonthCheck(path.name, connection, walk).run(is_last=number == len(files) - 1)
        except StoreError as error:
            walk.damaged(path.name, str(error))
    if known is not None and not walk.known_found:
        walk.tell(
            "the ledger", f"the head noted down, {known}, is not in the chain: its end was cut off or rewritten"
        )
    return Verification(
        len(files), walk.decisions, walk.events, walk.first_at_s, walk.last_at_s, walk.head, walk.faults
    )


def _strangers(directory: Path, files: list[Path]) -> list[Fault]:
    """Files that are not the ledger's; what SQLite keeps beside one is, and so is a month not wholly begun."""
    own = {path.name for path in files} | {month.UNFINISHED}
    own |= {name + ending for name in own for ending in _BESIDE}
    names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    return [
        Fault(name, "does not belong to the ledger: it was added, or renamed") for name in names if name not in own
    ]
