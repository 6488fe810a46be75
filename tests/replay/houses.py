"""What the tests of replay and simulation share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from bitgrid.config import Config, load_config
from bitgrid.config.policies import Hodl
from bitgrid.store import DecisionRow

CONFIG_DIRECTORY = Path(__file__).parents[2] / "config"
MAY_MORNING_S = int(dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp())
DAY_S = 86_400


@dataclass
class PaperLedger:
    """A ledger held in the hand."""

    rows: list[DecisionRow] = field(default_factory=list)
    configurations: dict[str, str] = field(default_factory=dict)
    forecasts: dict[str, str] = field(default_factory=dict)

    def records(self) -> Iterator[DecisionRow]:
        yield from self.rows

    def configuration(self, config_hash: str) -> str | None:
        return self.configurations.get(config_hash)

    def forecast(self, forecast_hash: str) -> str | None:
        return self.forecasts.get(forecast_hash)


def shipped() -> Config:
    return load_config(CONFIG_DIRECTORY)


def with_hodl(config: Config, sats_per_kwh: float) -> Config:
    """The same house, a mined kWh worth so many satoshi at 80,000 EUR."""
    hodl = Hodl(sats_per_kwh=sats_per_kwh, eur_per_btc=80_000.0)
    return replace(config, policies=config.policies.model_copy(update={"hodl": hodl}))
