"""policies.yaml: what a kilowatt hour is for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bitgrid.config.schema import Versioned


class Policies(Versioned):
    """The whole of policies.yaml."""

    energy_path: Literal["local_first"] = Field(
        default="local_first", description="`local_first`: any surplus above the reserve is mined."
    )
