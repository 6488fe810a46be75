"""The sections of site.yaml about forecasts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bitgrid.config.schema import Model


class PvForecastConfig(Model):
    """How the sun is forecast. Everything is computed here; what comes from outside is asked for."""

    outside: Literal["open_meteo"] | None = Field(
        default=None,
        description="Ask a weather service on the internet too, and weigh it by its recent error. `open_meteo` "
        "needs no account, is free for private use, and is told this place to a tenth of a degree. By default "
        "nobody is asked.",
    )
