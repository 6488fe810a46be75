from __future__ import annotations

from powercut import export_days
from powercut.judge import judge
from powercut.recording import record


def test_a_bundle_is_whole_or_absent_and_its_key_is_kept() -> None:
    verdict = judge(record("powercut.export_days:play"), export_days.check, every=1000, at_most=6)
    assert list(map(str, verdict.failures)) == []


def test_a_bundle_that_is_not_synced_is_caught() -> None:
    recording = record("powercut.sabotage_archive:export_never_synced")
    assert judge(recording, export_days.check, every=4, at_most=10).failed
