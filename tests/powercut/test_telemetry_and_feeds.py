from __future__ import annotations

from powercut import feeds_days, telemetry_days
from powercut.judge import judge
from powercut.recording import record


def test_no_cut_takes_more_than_one_batch_of_telemetry() -> None:
    verdict = judge(
        record("powercut.telemetry_days:at_its_pace"), telemetry_days.check_pace, every=100, at_most=40
    )
    assert list(map(str, verdict.failures)) == []
    assert verdict.at_syncs > 20


def test_nor_where_its_log_is_written_back_in_between() -> None:
    recording = record("powercut.telemetry_days:in_a_hurry")
    assert not judge(recording, telemetry_days.check_pace, every=20, at_most=30).failed


def test_telemetry_without_a_sync_a_batch_is_caught_though_it_is_whole() -> None:
    recording = record("powercut.telemetry_days:careless")
    assert not judge(recording, telemetry_days.check_order, every=20, at_most=20).failed
    verdict = judge(recording, telemetry_days.check_pace, every=20, at_most=20)
    assert "batches are lost" in str(verdict.failures)


def test_the_feeds_open_whatever_was_cut() -> None:
    verdict = judge(record("powercut.feeds_days:play"), feeds_days.check, every=25)
    assert list(map(str, verdict.failures)) == []
