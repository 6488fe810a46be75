from __future__ import annotations

from powercut import hot_to_cold_days, migration_days
from powercut.judge import judge
from powercut.recording import record


def test_a_value_is_hot_or_cold_at_any_instant() -> None:
    recording = record("powercut.sabotage_archive:hot_to_cold_in_place")
    verdict = judge(recording, hot_to_cold_days.check, every=1000, at_most=14)
    assert "neither hot nor cold" not in str(verdict.failures)


def test_also_where_the_archive_is_new() -> None:
    verdict = judge(record("powercut.hot_to_cold_days:play"), hot_to_cold_days.check, every=1000, at_most=14)
    assert list(map(str, verdict.failures)) == []


def test_hot_telemetry_that_is_deleted_too_soon_is_caught() -> None:
    recording = record("powercut.sabotage_archive:deleted_too_soon")
    verdict = judge(recording, hot_to_cold_days.check, every=10, at_most=20)
    assert "neither hot nor cold" in str(verdict.failures)


def test_a_migration_that_is_cut_loses_no_value() -> None:
    recording = record("powercut.migration_days:migrate")
    verdict = judge(recording, migration_days.check_migration, every=1000, at_most=40)
    assert list(map(str, verdict.failures)) == []


def test_a_damaged_month_is_given_back_wherever_that_is_cut() -> None:
    verdict = judge(record("powercut.migration_days:give_back"), migration_days.check_giving_back, every=1000)
    assert list(map(str, verdict.failures)) == []
