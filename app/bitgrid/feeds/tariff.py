"""The fixed tariff of site.yaml, as signals."""

from __future__ import annotations

from bitgrid.config.tariff import Tariff


def prices_ct_kwh(tariff: Tariff) -> dict[str, float]:
    """Signals of the device ``tariff``: what a kWh costs and earns now, gross, ct/kWh."""
    return {"import_price_ct_kwh": tariff.import_ct_kwh, "export_price_ct_kwh": tariff.export_ct_kwh}
