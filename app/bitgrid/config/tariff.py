"""What a kWh costs and earns."""

from __future__ import annotations

from pydantic import Field

from bitgrid.config.schema import Model, PriceCtKwh


class Tariff(Model):
    """A fixed tariff, gross."""

    import_ct_kwh: PriceCtKwh = Field(description="What a kWh from the grid costs.")
    export_ct_kwh: PriceCtKwh = Field(description="What a kWh sold earns.")
