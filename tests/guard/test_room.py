"""The guard's room: what a guard's process loads, and what it must never load."""

from __future__ import annotations

import subprocess
import sys

import pytest

FORBIDDEN = (
    "bitgrid.bus",
    "bitgrid.kernel",
    "bitgrid.store",
    "bitgrid.control",
    "bitgrid.services.runtime",
    "paho",
)


@pytest.mark.parametrize("module", ["bitgrid.guard.loop", "bitgrid.services.guard"])
def test_the_guards_process_loads_neither_the_bus_nor_the_kernel(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    loaded = ran.stdout.split()
    assert "bitgrid.guard.watch" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []
