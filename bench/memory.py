"""`make bench`: what the whole running house costs in memory, process by process.

Boots it through `bitgrid run`, waits until it is ready and a minute longer, and prints each process's PSS: its own
memory plus its share of what it shares, so that the sum is what the machine gives up. A figure, not a gate.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the package has no types

from bitgrid.clock import SystemClock
from bitgrid.ops.instance import running
from bitgrid.ops.processes import house_processes

SETTLE_S = 60.0
READY_WITHIN_S = 60.0
MB = 1024 * 1024
GOAL_MB = 250


def main() -> int:
    """Measure and print; exit code 1 only if the house did not become ready."""
    with tempfile.TemporaryDirectory(prefix="bitgrid-bench-") as var:
        command = [sys.executable, "-m", "bitgrid", "run", "--var", var]
        runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own program
        try:
            return measure(runner, Path(var))
        finally:
            runner.send_signal(signal.SIGINT)
            runner.communicate()


def measure(runner: subprocess.Popen[str], var: Path) -> int:
    """Wait for the house, let it settle, print the table."""
    if not wait_ready(runner):
        sys.stderr.write("the house did not become ready; see what it says with: make run\n")
        return 1
    sys.stdout.write(f"ready; measuring in {SETTLE_S:.0f} s\n")
    sys.stdout.flush()
    SystemClock().wait(threading.Event(), SETTLE_S)
    run_dir = Path(next(running(var)).run)
    rows = sorted(sizes([runner.pid, *house_processes(run_dir)]), key=lambda row: -row[1])
    for name, pss_mb in rows:
        sys.stdout.write(f"{name:<16}{pss_mb:8.1f} MB\n")
    total_mb = sum(pss_mb for _, pss_mb in rows)
    sys.stdout.write(f"{'all':<16}{total_mb:8.1f} MB PSS in {len(rows)} processes (goal: under {GOAL_MB} MB)\n")
    return 0


def wait_ready(runner: subprocess.Popen[str]) -> bool:
    """Read what it says until it is ready."""
    assert runner.stdout is not None  # noqa: S101  it was asked for
    return any(line.startswith("Ready after") for line in runner.stdout)


def sizes(pids: list[int]) -> Iterator[tuple[str, float]]:
    """Name and PSS of each process."""
    for pid in pids:
        process = psutil.Process(pid)
        yield name_of(process), process.memory_full_info().pss / MB


def name_of(process: psutil.Process) -> str:
    """What a person calls it: a service by its module, anything else by its program."""
    line: list[str] = process.cmdline()
    for part in line:
        if part.startswith("bitgrid.services."):
            return part.rsplit(".", 1)[1]
        if part.endswith("supervisord"):
            return "supervisord"
    return "bitgrid run" if "run" in line else Path(line[0]).name


if __name__ == "__main__":
    sys.exit(main())
