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


def test_where_only_sqlite_syncs_batches_are_lost_from_the_end_and_whole() -> None:
    recording = record("powercut.telemetry_days:in_a_hurry")
    assert not judge(recording, telemetry_days.check_order, every=1500, at_most=10).failed


def test_and_it_is_the_kernels_writing_back_that_keeps_it_to_one() -> None:
    """So ``synchronous=NORMAL`` alone does not: what docs/powercut.md says of it is true."""
    recording = record("powercut.telemetry_days:in_a_hurry")
    verdict = judge(recording, telemetry_days.check_pace, every=1500, at_most=6)
    assert "batches are lost" in str(verdict.failures)


def test_the_feeds_open_whatever_was_cut() -> None:
    verdict = judge(record("powercut.feeds_days:play"), feeds_days.check, every=25)
    assert list(map(str, verdict.failures)) == []
