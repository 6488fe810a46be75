"""Every scenario that `make powercut` plays, and how closely it is cut."""

from __future__ import annotations

from dataclasses import dataclass

from powercut import (
    archive_days,
    export_days,
    feeds_days,
    hot_to_cold_days,
    ledger_days,
    migration_days,
    telemetry_days,
)
from powercut.judge import Check


@dataclass(frozen=True)
class Scenario:
    """``play`` names the recorded function, ``every`` after how many operations to cut beside the syncs."""

    name: str
    play: str
    check: Check
    every: int


SCENARIOS = (
    Scenario("ledger, three months step by step", "powercut.ledger_days:short", ledger_days.check, 1),
    Scenario("ledger, three months of 30 large decisions", "powercut.ledger_days:long", ledger_days.check, 2000),
    Scenario("telemetry, some dropped", "powercut.telemetry_days:at_its_pace", telemetry_days.check_pace, 5),
    Scenario(
        "telemetry, its log written back", "powercut.telemetry_days:in_a_hurry", telemetry_days.check_pace, 5
    ),
    Scenario("feeds' memory", "powercut.feeds_days:play", feeds_days.check, 2),
    Scenario("archive, days of all kinds", "powercut.archive_days:play", archive_days.check, 8),
    Scenario("hot to cold, four days", "powercut.hot_to_cold_days:play", hot_to_cold_days.check, 12),
    Scenario("migration of telemetry", "powercut.migration_days:migrate", migration_days.check_migration, 4),
    Scenario(
        "damaged ledger given back", "powercut.migration_days:give_back", migration_days.check_giving_back, 10
    ),
    Scenario("research export, a key and two bundles", "powercut.export_days:play", export_days.check, 1),
)
