"""flags.yaml: what is switched on."""

from __future__ import annotations

from bitgrid.config.schema import Versioned


class Flags(Versioned):
    """The whole of flags.yaml."""

    r4_enabled: bool = True
