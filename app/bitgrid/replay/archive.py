"""What a decision was made by, found again by its hash: the configuration in force, and the forecast."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from pydantic import ValidationError

from bitgrid.config import Config, Flags, Policies, Rules, Site
from bitgrid.config.profiles import PROFILES
from bitgrid.control.rule_set import battery, load_profile, rule_set
from bitgrid.kernel import Battery, Forecast, LoadProfile, RuleSet, forecast_from_record, forecast_hash
from bitgrid.replay.errors import NotArchived
from bitgrid.store import DecisionRow

KEPT = 8


class Archive(Protocol):
    """The ledger, as far as it is read here."""

    def records(self) -> Iterator[DecisionRow]:
        """Every decision, oldest first, one at a time."""

    def configuration(self, config_hash: str, /) -> str | None:
        """The canonical JSON of a configuration; None where it is not known."""

    def forecast(self, forecast_hash: str, /) -> str | None:
        """The canonical JSON of a forecast; None where it is not known."""


@dataclass(frozen=True)
class Rulebook:
    """A configuration, in the kernel's terms too."""

    config: Config
    rules: RuleSet
    loads: dict[str, LoadProfile]
    battery: Battery | None

    @classmethod
    def of(cls, config: Config) -> Rulebook:
        """The rulebook of a configuration; loads in order of priority."""
        by_priority = sorted(config.site.loads, key=lambda load: load.priority)
        loads = {load.id: load_profile(load) for load in by_priority}
        return cls(config, rule_set(config), loads, battery(config))


class Library:
    """Configurations and forecasts of an archive; the last few of each are kept, however long the period."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.rulebook = lru_cache(KEPT)(self._rulebook)
        self.forecast = lru_cache(KEPT)(self._forecast)

    def _rulebook(self, config_hash: str) -> Rulebook:
        """The configuration of a hash.

        Raises:
            NotArchived: it is missing, or does not have this hash.
        """
        text = self._archive.configuration(config_hash)
        if text is None:
            raise NotArchived(f"the configuration {config_hash[:12]}… is not in the archive")
        config = config_from_json(text)
        found = hashlib.sha256(text.encode()).hexdigest()
        if found != config_hash:  # of the text: read by a later version it may have keys more, at their defaults
            raise NotArchived(
                f"the configuration archived as {config_hash[:12]}… has the hash {found[:12]}…; it was changed"
            )
        return Rulebook.of(config)

    def _forecast(self, name: str) -> Forecast:
        """The forecast of a hash.

        Raises:
            NotArchived: it is missing, or does not have this hash.
        """
        text = self._archive.forecast(name)
        if text is None:
            raise NotArchived(f"the forecast {name[:12]}… is not in the archive")
        try:
            forecast = forecast_from_record(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotArchived(f"the forecast archived as {name[:12]}… cannot be read ({error})") from None
        if forecast_hash(forecast) != name:
            raise NotArchived(f"the forecast archived as {name[:12]}… was changed: it has another hash")
        return forecast


def config_from_json(text: str) -> Config:
    """A configuration from its canonical JSON.

    Raises:
        NotArchived: it is none that this version can read.
    """
    try:
        parts = json.loads(text)
        return Config(
            site=Site.model_validate(parts["site"]),
            rules=Rules.model_validate(parts["rules"]),
            flags=Flags.model_validate(parts["flags"]),
            policies=Policies.model_validate(parts["policies"]),
            profiles={
                name: PROFILES[profile["transport"]].model_validate(profile)
                for name, profile in parts["profiles"].items()
            },
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise NotArchived(f"an archived configuration cannot be read: {place}: {first['msg']}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise NotArchived(f"an archived configuration cannot be read ({error})") from None
