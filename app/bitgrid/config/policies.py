"""policies.yaml: what a kilowatt hour is for, and how much the rules may do by themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bitgrid.config.schema import Model, PriceCtKwh, Versioned


class Hodl(Model):
    """What a mined kWh is worth, as the owner sees it."""

    sats_per_kwh: Annotated[float, Field(gt=0, le=1_000_000)] = Field(description="What a kWh yields, satoshi.")
    eur_per_btc: Annotated[float, Field(gt=0, le=100_000_000)] = Field(description="What a bitcoin is worth, EUR.")

    @property
    def ct_kwh(self) -> float:
        """Worth of a mined kWh, ct."""
        return self.sats_per_kwh / SATS_PER_BTC * self.eur_per_btc * 100


class Policies(Versioned):
    """The whole of policies.yaml."""

    energy_path: Literal["local_first", "best_value", "stack"] = Field(
        default="best_value",
        description="`local_first`: any surplus above the reserve is mined. `best_value`: where that is worth "
        "more than what it displaces. `stack`: on cheap grid power too.",
    )
    hodl: Hodl | None = Field(
        default=None, description="What a mined kWh is worth; without it `best_value` falls back to `local_first`."
    )
    heat_ct_kwh: PriceCtKwh | None = Field(
        default=None, description="What the load's heat is worth to the home; left out where it is not used."
    )
    autonomy: Annotated[int, Field(ge=0, le=3)] = Field(
        default=3,
        description="At first start: 0 manual, 1 assisted, 2 semi, 3 full.",
    )


SATS_PER_BTC = 100_000_000
