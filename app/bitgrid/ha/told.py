"""Messages in the form of those who read them: what Home Assistant gets carries no schema of ours."""

from __future__ import annotations

import json
from typing import Any

from bitgrid.bus import Message


class Told(Message):
    """A text as it is, or anything else as JSON. An empty text makes the broker forget what it kept."""

    body: Any

    def encode(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, allow_nan=False).encode()


ONLINE, OFFLINE = Told(body="online"), Told(body="offline")
