"""A bridge over buses in memory, with the house told by a test and a clock in the hand."""

from __future__ import annotations

import pytest

from ha.house import BridgedHouse, with_home_assistant


@pytest.fixture
def house() -> BridgedHouse:
    return BridgedHouse(with_home_assistant())
