"""The first run ends in the file, while processes run that read it before."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.config import Flags
from bitgrid.config.flags import is_first_run

BEGUN = Flags.model_validate({"schema": 1, "first_run": True})


@pytest.mark.parametrize(
    ("now", "is_on"),
    [("first_run: true", True), ("first_run: false", False), ("", False), ("no: yaml: this", True)],
)
def test_a_process_that_began_in_the_first_run_goes_by_the_file(tmp_path: Path, now: str, is_on: bool) -> None:
    (tmp_path / "flags.yaml").write_text(f"schema: 1\n{now}\n")
    assert is_first_run(BEGUN, tmp_path) is is_on


def test_without_the_file_nothing_has_ended(tmp_path: Path) -> None:
    assert is_first_run(BEGUN, tmp_path)


def test_one_that_began_later_does_not_look(tmp_path: Path) -> None:
    (tmp_path / "flags.yaml").write_text("schema: 1\nfirst_run: true\n")
    assert not is_first_run(Flags.model_validate({"schema": 1}), tmp_path)
