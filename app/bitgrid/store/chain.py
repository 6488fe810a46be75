"""The chain: what ties each record of the ledger to everything written before it.

Decisions and events share one chain and one numbering, 1, 2, 3, …, across all monthly files. A link is

    hash = sha256(prev_hash || payload)

over bytes: the 32 bytes of the hash before (32 zero bytes before the first), then the payload in UTF-8. Hashes are
kept in hexadecimal. The payload of a decision is its record; of an event, the canonical JSON of
``[at_s, kind, record]``; of a month's seal, the canonical JSON of its figures. The seal is the last link of its
file and has no number; the next file goes on from it. Pure: nothing here opens a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from bitgrid.kernel import canonical_json

GENESIS = "0" * 64


class Head(NamedTuple):
    """Where the chain ends: the last record's number, and the hash the next one follows."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


BEGINNING = Head(0, GENESIS)


def link(prev_hash: str, payload: str) -> str:
    """The hash of what follows ``prev_hash``.

    Raises:
        ValueError: ``prev_hash`` is not hexadecimal.
    """
    return hashlib.sha256(bytes.fromhex(prev_hash) + payload.encode()).hexdigest()


def event_payload(at_s: int, kind: str, record: str) -> str:
    """What is hashed of an event; it begins with ``[`` where a decision's begins with ``{``."""
    return canonical_json([at_s, kind, record])


def archive_digest(keys: Iterable[str]) -> str:
    """SHA-256 over the keys of what a month archived, in the order given; each key vouches for its content."""
    digest = hashlib.sha256()
    for key in keys:
        digest.update(key.encode())
    return digest.hexdigest()


class Seal(NamedTuple):
    """The figures that end a month."""

    decisions: int
    events: int
    last_seq: int
    archive: str
    sealed_at_s: int

    @property
    def payload(self) -> str:
        """What is hashed of a seal."""
        return canonical_json(self._asdict())
