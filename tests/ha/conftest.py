"""A bridge over buses in memory, with the house told by a test and a clock in the hand."""

from __future__ import annotations

import os

import pytest

from ha.house import BridgedHouse, with_home_assistant

HASS_VARIABLE = "BITGRID_TEST_HASS"
collect_ignore = [] if HASS_VARIABLE in os.environ else ["real"]
"""A real Home Assistant is a job of its own: make test-homeassistant."""


@pytest.fixture
def house() -> BridgedHouse:
    return BridgedHouse(with_home_assistant())
