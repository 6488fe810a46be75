"""The section of site.yaml about what is kept for years."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from bitgrid.config.schema import Model


class ArchiveConfig(Model):
    """How long measured values are kept. Decisions, states, their worth, events and sentences are always kept."""

    full_days: int = Field(
        default=60,
        ge=1,
        le=36_500,
        description="So many days of telemetry are kept as they were measured; older as means of ten minutes.",
    )
    keep_days: int = Field(
        default=3650,
        ge=1,
        le=36_500,
        description="So many days of telemetry are kept at all. Days are counted that hold something, the newest "
        "first, so no wrong clock makes a day old.",
    )
    warn_free_mb: int = Field(
        default=1000, ge=0, le=10_000_000, description="With less room on the disk, `recorder` warns."
    )
    min_free_mb: int = Field(
        default=500,
        ge=0,
        le=10_000_000,
        description="With less room, the oldest telemetry is thinned to means of ten minutes, and where that is "
        "not enough dropped, until there is so much again. Nothing else goes without `bitgrid archive drop`.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.full_days > self.keep_days:
            raise ValueError("full_days is more than keep_days; what is kept whole must be kept")
        if self.min_free_mb > self.warn_free_mb:
            raise ValueError("min_free_mb is more than warn_free_mb; a warning comes before anything is thinned")
        return self
