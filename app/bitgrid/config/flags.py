"""flags.yaml: what is switched on."""

from __future__ import annotations

from pydantic import Field

from bitgrid.config.schema import Versioned


class Flags(Versioned):
    """The whole of flags.yaml."""

    r4_enabled: bool = Field(default=True, description="Whether R4, the forecast, is heard.")
