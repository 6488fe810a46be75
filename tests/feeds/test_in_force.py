"""A policy changed while the house runs: the feeds must not reckon on by the price the owner had before."""

from __future__ import annotations

from typing import Any

import pytest

from bitgrid.bus import DecisionEvent, Received
from bitgrid.config import Config, ConfigError, Problem, load_config
from bitgrid.config.policies import Hodl
from bitgrid.feeds.in_force import InForce
from whole_house import CONFIG_DIRECTORY

OLD = load_config(CONFIG_DIRECTORY)
POLICIES = OLD.policies.model_copy(update={"hodl": Hodl(eur_per_btc=90_000.0)})
NEW = Config(OLD.site, OLD.rules, OLD.flags, POLICIES)


def decided(config_hash: object, *, retained: bool = False) -> Received:
    record: dict[str, Any] = {"state": {"config_hash": config_hash}}
    return Received("t", DecisionEvent(id="1", load="miner", record=record).encode(), retained)


def ends(read: Config | ConfigError, *heard: Received) -> int:
    ended: list[bool] = []

    def files() -> Config:
        if isinstance(read, ConfigError):
            raise read
        return read

    in_force = InForce(OLD.config_hash, files, lambda: ended.append(True))
    for received in heard:
        in_force.on_decision(received)
    return len(ended)


def test_a_configuration_that_the_rules_took_over_is_begun_by() -> None:
    assert OLD.config_hash != NEW.config_hash
    assert ends(NEW, decided(NEW.config_hash)) == 1


def test_its_own_configuration_goes_on() -> None:
    assert ends(NEW, decided(OLD.config_hash)) == 0


def test_what_the_rules_refused_is_not_begun_by() -> None:
    """The files are new, the decisions are not."""
    assert ends(NEW, decided(OLD.config_hash), decided(OLD.config_hash)) == 0


@pytest.mark.parametrize("read", [OLD, ConfigError([Problem("site.yaml", 1, 1, "", "cannot be read")])])
def test_a_decision_by_files_that_are_gone_never_makes_it_begin_again_and_again(
    read: Config | ConfigError,
) -> None:
    assert ends(read, decided(NEW.config_hash)) == 0


@pytest.mark.parametrize(
    "received", [decided(None), decided(7), Received("t", b"{}", retained=False), decided("x", retained=True)]
)
def test_what_names_no_configuration_is_passed_over(received: Received) -> None:
    assert ends(NEW, received) == 0
