"""What may be asked for under ``…/ha/cmd/``: JSON objects; what is none of these is refused unread."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bitgrid.bus import Message

MAX_WISH_BYTES = 1000
MAX_EXPORT_DAYS = 366

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


class OverrideWish(Message):
    """On ``override``: stop or start a load, set its level, or end such a wish.

    Without a duration it holds as long as the rules say (``override.default_min``).
    """

    load: Name
    action: Literal["start", "stop", "level", "end"]
    level: Name | None = None
    duration_min: Annotated[int, Field(ge=1, le=1440)] | None = None


class ExportWish(Message):
    """On ``export``: a research bundle of the last whole days."""

    days: Annotated[int, Field(ge=1, le=MAX_EXPORT_DAYS)]


class AutonomyWish(Message):
    """On ``autonomy``: how much the rules may do by themselves; by its name, or as the select shows it."""

    autonomy: Annotated[str, Field(max_length=60)]
