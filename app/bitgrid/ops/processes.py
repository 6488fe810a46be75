"""The processes of an instance, found by what they were given to start with: its run directory.

A process keeps that mark whoever its parent is, so one left over from a crash is found too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

from bitgrid.clock import Clock

RUN_DIR_VARIABLE = "BITGRID_RUN_DIR"


def house_processes(run_dir: Path) -> list[int]:
    """Process ids of everything that runs for an instance, but not of this process."""
    mark = os.fsencode(f"{RUN_DIR_VARIABLE}={run_dir}")
    others = (
        entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()
    )
    return sorted(int(entry.name) for entry in others if mark in _environment(entry))


def _environment(process: Path) -> list[bytes]:
    """Its environment; nothing for one that is gone, a zombie, or somebody else's."""
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def wait_until_gone(run_dir: Path, clock: Clock, seconds: float) -> list[int]:
    """Wait for an instance's processes to end; those that are still there after ``seconds``."""
    deadline_s, never = clock.boot() + seconds, threading.Event()
    while (left := house_processes(run_dir)) and clock.boot() < deadline_s:
        clock.wait(never, 0.05)
    return left


def end_all(run_dir: Path, clock: Clock, grace_s: float) -> list[int]:
    """Ask an instance's processes to end, kill those still there after ``grace_s``, and return these."""
    _send(house_processes(run_dir), signal.SIGTERM)
    return kill_what_stays(run_dir, clock, grace_s)


def kill_what_stays(run_dir: Path, clock: Clock, grace_s: float) -> list[int]:
    """Kill those of an instance's processes, asked already, that are still there after ``grace_s``."""
    stubborn = wait_until_gone(run_dir, clock, grace_s)
    _send(stubborn, signal.SIGKILL)
    wait_until_gone(run_dir, clock, 2.0)
    return stubborn


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
