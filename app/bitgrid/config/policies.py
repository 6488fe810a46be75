"""policies.yaml: what a kilowatt hour is for."""

from __future__ import annotations

from typing import Literal

from bitgrid.config.schema import Versioned


class Policies(Versioned):
    """The whole of policies.yaml."""

    energy_path: Literal["local_first"] = "local_first"
