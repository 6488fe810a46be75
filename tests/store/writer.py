"""A writer that dies: `python writer.py DIRECTORY DIE_AT` fills a ledger and is gone at its n-th step.

A step is a statement of SQLite's or a change of the directory. What was acknowledged is printed, a number a line;
a writer that gets to the end prints how many steps there were.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import bitgrid.store.ledger
from bitgrid.store import month
from store.books import fill

steps = 0


def step(*_: object) -> None:
    global steps  # noqa: PLW0603  counted in the hooks of another module's calls
    steps += 1
    if steps == int(sys.argv[2]):
        os._exit(9)


class Mortal(sqlite3.Connection):
    """A connection on which each statement is a step."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]
        self.set_trace_callback(step)

    def close(self) -> None:
        step()
        super().close()


def main() -> None:
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **named: connect(*args, factory=Mortal, **named)  # type: ignore[assignment]
    for name in ("rename", "chmod", "unlink"):
        hook(name)
    ledger = bitgrid.store.ledger.Ledger(Path(sys.argv[1]))
    append = ledger.append

    def acknowledged(*args: object) -> None:
        append(*args)  # type: ignore[arg-type]
        sys.stdout.write(f"{ledger.head().seq}\n")
        sys.stdout.flush()

    ledger.append = acknowledged  # type: ignore[method-assign]
    fill(ledger)
    ledger.close()
    sys.stdout.write(f"steps {steps}\n")


def hook(name: str) -> None:
    real = getattr(month.Path, name)

    def deed(*args: object, **named: object) -> object:
        step()
        done = real(*args, **named)
        step()
        return done

    setattr(month.Path, name, deed)


if __name__ == "__main__":
    main()
