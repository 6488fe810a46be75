"""The checker's own eye on the ledger: plain SQL on the file, through nothing that writes it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from chaos.invariant import Record

_NEW = "SELECT seq, load, clock_epoch, block, trigger, at_s, record FROM decision WHERE seq > ? ORDER BY seq"


class LedgerEye:
    """Sees the decisions of a house with one load.

    Args:
        directory: the ledger's; it may still be empty.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: tuple[Path, sqlite3.Connection] | None = None
        self._seq = 0

    def new(self, boot_s: float) -> list[Record]:
        """Decisions that became durable since asked last; each is as fresh as when it is seen, at ``boot_s``."""
        connection = self._newest_file()
        try:
            rows = [] if connection is None else connection.execute(_NEW, (self._seq,)).fetchall()
        except sqlite3.Error:
            return []  # busy or being begun; the next look sees it
        self._seq = rows[-1][0] if rows else self._seq
        return [_record(row[1:], boot_s) for row in rows]

    def close(self) -> None:
        """Look no more."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _newest_file(self) -> sqlite3.Connection | None:
        files = sorted(self._directory.glob("????-??.sqlite"))
        if files and (self._open is None or self._open[0] != files[-1]):
            self.close()
            uri = f"{files[-1].absolute().as_uri()}?mode=ro"
            self._open = files[-1], sqlite3.connect(uri, uri=True, check_same_thread=False)
        return self._open[1] if self._open else None


def _record(row: tuple[str, int, int, str, int, str], boot_s: float) -> Record:
    load, epoch, block, trigger, at_s, text = row
    told = json.loads(text)["decision"]
    decision_id = f"{load}-{epoch}-{block}-{trigger.lower()}-{at_s}"
    left_s = told["valid_until_s"] - at_s
    return Record(decision_id, told["level"], told["power_w"], boot_s + left_s)
