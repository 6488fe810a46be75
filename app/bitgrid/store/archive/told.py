"""A decision of the ledger, with what is read out of its record. Pure, and without pyarrow."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Told(NamedTuple):
    """A decision of the ledger, with what is read out of its record; empty where that was damaged."""

    seq: int
    load: str
    clock_epoch: int
    block: int
    trigger: str
    at_s: int
    record: str
    hash: str

    @property
    def parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The decision and the state in the record."""
        try:
            whole = json.loads(self.record)
        except (ValueError, RecursionError):
            return {}, {}
        parts = [whole.get(name) if isinstance(whole, dict) else None for name in ("decision", "state")]
        decision, state = (part if isinstance(part, dict) else {} for part in parts)
        return decision, state
