"""The desk that most tests of the rule daemon sit at."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def running(desk: Desk) -> Desk:
    """The miner has just started on surplus."""
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk
