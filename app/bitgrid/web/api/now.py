"""What is read of the house now: its state, its health, the last decisions heard."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bitgrid
from bitgrid.explain import LANGUAGES
from bitgrid.web.ahead import FORECASTS
from bitgrid.web.api import decided, models
from bitgrid.web.api.given import Nothing
from bitgrid.web.house import Decided, House

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def state(web: Web, _given: Nothing) -> models.StateAnswer:
    """The house now.

    A value that is not live is null and stands under ``last_value`` with its age.
    """
    return state_of(web.view.snapshot())


def health(web: Web, _given: Nothing) -> models.HealthAnswer:
    """Every process of the house, and the worst of them as the whole."""
    return health_of(web.view.snapshot())


def decisions(web: Web, _given: Nothing) -> decided.DecisionsAnswer:
    """The last decisions heard, newest first, each with its whole record."""
    return decided.DecisionsAnswer(decisions=[_decision(web, one) for one in web.view.snapshot().decisions])


def state_of(house: House) -> models.StateAnswer:
    """The house at a moment."""
    energy, is_live = house.energy, house.is_live(house.energy)
    message = None if energy is None else energy.message
    signals = {} if message is None else message.signals
    return models.StateAnswer(
        at_s=house.now_s,
        is_connected=house.is_connected,
        is_live=is_live,
        block=None if message is None else message.block,
        block_ends_s=None if message is None else message.block_ends_s,
        surplus_w=message.surplus_w if message is not None and is_live else None,
        degraded=[] if message is None else message.degraded,
        config_hash=None if message is None else message.config_hash,
        autonomy=message.autonomy if message is not None and is_live else None,
        signals={name: _signal(house, name) for name in sorted(signals) if name not in FORECASTS},
        forecasts={name: _forecast(house, name) for name in FORECASTS if name in signals},
        loads={load: _load(house, load) for load in house.load_ids},
    )


def health_of(house: House) -> models.HealthAnswer:
    """Every component at a moment."""
    parts = {name: house.component(name) for name in house.parts}
    order = ("ok", "warn", "silent", "error")
    worst = max((status for status, _reason in parts.values()), key=order.index)
    told = {name: {"status": status, "reason": reason} for name, (status, reason) in parts.items()}
    return models.HealthAnswer.model_validate(
        {
            "status": worst if house.is_connected else "error",
            "is_connected": house.is_connected,
            "version": bitgrid.__version__,
            "release": Path(sys.prefix).name,
            "components": told,
        }
    )


def _signal(house: House, name: str) -> models.SignalNow:
    cell = house.signal(name)
    return models.SignalNow(
        value=cell.value if cell.is_live else None,
        last_value=cell.value,
        is_live=cell.is_live,
        age_s=cell.age_s,
        source=cell.source,
    )


def _forecast(house: House, name: str) -> models.ForecastNow:
    told = dataclasses.asdict(house.coming(name))
    values = list(told.pop("values"))
    return models.ForecastNow(values=values if told["is_live"] else [], last_values=values, **told)


def _load(house: House, load: str) -> models.LoadNow | None:
    heard = house.loads.get(load)
    if heard is None:
        return None
    told = heard.message.model_dump(by_alias=True)
    return models.LoadNow(**told, is_live=house.is_live(heard), age_s=house.age_s(heard))


def _decision(web: Web, heard: Decided) -> decided.DecisionAnswer:
    texts = {language: web.words[language].explainer.texts_of(heard.view, language) for language in LANGUAGES}
    head = None if heard.head is None else str(heard.head)
    entry = decided.entry(heard.id, heard.view)
    return decided.DecisionAnswer(**entry, texts=texts, record=heard.record, ledger_head=head)
