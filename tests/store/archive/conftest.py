from __future__ import annotations

from pathlib import Path

import pytest

from store.archive.house import RecordedHouse


@pytest.fixture
def house(tmp_path: Path) -> RecordedHouse:
    return RecordedHouse(tmp_path / "data")
