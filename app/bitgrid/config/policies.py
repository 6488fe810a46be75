"""policies.yaml: what a kilowatt hour is for, and how much the rules may do by themselves."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitgrid.config.schema import Model, PriceCtKwh, Versioned


class Hodl(Model):
    """What a mined kWh is worth, as the owner sees it; at least one of the two."""

    sats_per_kwh: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        default=None, description="What a kWh yields, satoshi; holds where no feed has ever known the difficulty."
    )
    eur_per_btc: Annotated[float, Field(gt=0, le=100_000_000)] | None = Field(
        default=None, description="What a bitcoin is worth to the owner, EUR; goes before a feed's price."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.sats_per_kwh is None and self.eur_per_btc is None:
            raise ValueError("give sats_per_kwh, eur_per_btc or both; or leave hodl out")
        return self

    @property
    def ct_kwh(self) -> float | None:
        """Worth of a mined kWh, ct; None where it does not follow from what the owner says alone."""
        if self.sats_per_kwh is None or self.eur_per_btc is None:
            return None
        return self.sats_per_kwh / SATS_PER_BTC * self.eur_per_btc * 100


class Policies(Versioned):
    """The whole of policies.yaml."""

    energy_path: Literal["local_first", "best_value", "stack"] = Field(
        default="best_value",
        description="`local_first`: any surplus above the reserve is mined. `best_value`: where that is worth "
        "more than what it displaces. `stack`: on cheap grid power too.",
    )
    hodl: Hodl | None = Field(
        default=None,
        description="What a mined kWh is worth, where `bitcoin` in site.yaml does not tell it, or not all of it. "
        "While it is not known, `best_value` falls back to `local_first`.",
    )
    heat_ct_kwh: PriceCtKwh | None = Field(
        default=None, description="What the load's heat is worth to the home; left out where it is not used."
    )
    autonomy: Annotated[int, Field(ge=0, le=3)] = Field(
        default=3,
        description="At first start: 0 manual, 1 assisted, 2 semi, 3 full.",
    )


SATS_PER_BTC = 100_000_000
