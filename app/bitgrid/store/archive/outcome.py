"""What a run for the archive came to, as one line of JSON from the process that did it to the one that asked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Self


@dataclass
class Outcome:
    """What was done, what failed and what is to be known, in words; and which hot days may go.

    ``ready`` are the days (ISO, UTC) whose hot telemetry is in the archive, with how many values each holds;
    ``given_up`` those whose telemetry cannot be kept, as there is no room for it anywhere.
    """

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ready: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)
    is_more: bool = False

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The way back.

        Raises:
            ValueError: it is no outcome.
        """
        told = json.loads(text)
        names = {told.name for told in fields(cls)}
        if not isinstance(told, dict) or told.keys() != names:
            raise ValueError("what was told is no outcome of a run for the archive")
        return cls(**told)
