"""What is known of the backups outlives what went wrong since."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bitgrid.store.backup_state import FILE, read, tell_backup, tell_restore


def test_a_failure_does_not_hide_the_last_good_one(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    tell_backup(tmp_path, 100.0)
    tell_backup(tmp_path, 200.0, "the disk is not mounted")
    state = read(tmp_path)
    assert state is not None
    assert (state.last_success_s, state.last_try_s, state.problem) == (100.0, 200.0, "the disk is not mounted")
    tell_backup(tmp_path, 300.0)
    state = read(tmp_path)
    assert state is not None
    assert (state.last_success_s, state.problem) == (300.0, "")


def test_a_tested_restore_has_a_date_of_its_own(tmp_path: Path) -> None:
    tell_backup(tmp_path, 100.0)
    tell_restore(tmp_path, 150.0)
    tell_restore(tmp_path, 170.0, "a database is not as it was copied")
    state = read(tmp_path)
    assert state is not None
    assert (state.restore_tested_s, state.restore_problem) == (150.0, "a database is not as it was copied")
    assert state.last_success_s == 100.0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"last_success_s": "yesterday"}', '{"schema": 2}'])
def test_what_cannot_be_read_is_not_known(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read(tmp_path) is None


def test_everybody_on_the_machine_may_read_it_and_nothing_half_written_stays(tmp_path: Path) -> None:
    tell_backup(tmp_path, 100.0)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
