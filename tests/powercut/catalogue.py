"""Every scenario that `make powercut` plays, and how closely it is cut."""

from __future__ import annotations

from dataclasses import dataclass

from powercut import archive_days, feeds_days, ledger_days, telemetry_days
from powercut.judge import Check


@dataclass(frozen=True)
class Scenario:
    """``play`` names the function that is recorded, ``every`` after how many operations to cut beside the syncs."""

    name: str
    play: str
    check: Check
    every: int
    part_of: str


SCENARIOS = (
    Scenario("ledger, each step of three months", "powercut.ledger_days:short", ledger_days.check, 1, "ledger"),
    Scenario("ledger, months of 120 decisions", "powercut.ledger_days:long", ledger_days.check, 50, "ledger"),
    Scenario(
        "telemetry, a batch a minute",
        "powercut.telemetry_days:at_its_pace",
        telemetry_days.check_pace,
        5,
        "telemetry",
    ),
    Scenario(
        "telemetry, nothing written back but by SQLite",
        "powercut.telemetry_days:in_a_hurry",
        telemetry_days.check_order,
        60,
        "telemetry",
    ),
    Scenario("feeds' memory", "powercut.feeds_days:play", feeds_days.check, 2, "feeds"),
    Scenario("archive, days of all kinds", "powercut.archive_days:play", archive_days.check, 8, "archive"),
)
