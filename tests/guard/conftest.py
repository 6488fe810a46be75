"""A house whose guard has just been made; and one whose load runs on a lease."""

from __future__ import annotations

import pytest

from guard.house import House


@pytest.fixture
def house() -> House:
    """A house whose guard has not stepped yet."""
    return House()


@pytest.fixture
def running() -> House:
    """A house whose miner has been running on a lease for five minutes."""
    house = House()
    house.run()
    return house
