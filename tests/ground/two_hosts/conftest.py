"""Real processes in two networks, at a clock that is held to; asked for with the hosts by `make test-ansible`."""

from __future__ import annotations

import os


def pytest_ignore_collect() -> bool | None:
    """Everything here, unless it was asked for."""
    return None if os.environ.get("BITGRID_TEST_HOST") else True
