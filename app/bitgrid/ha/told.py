"""What Home Assistant is told is in the form that it reads: no schema of ours, and sometimes a bare word."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A text as it is, or anything else as JSON."""

    body: object

    def encode(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, allow_nan=False).encode()


ONLINE, OFFLINE = Told("online"), Told("offline")
