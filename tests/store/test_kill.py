"""kill -9 at any instant: no acknowledged decision is lost, and at most the telemetry that was not written yet."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import bitgrid
from bitgrid.clock import HeldClock
from bitgrid.store.hot import open_telemetry
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.verify import verify

WRITER = Path(__file__).with_name("dying.py")


def killed(directory: Path, lines: int) -> list[str]:
    """What a writer had acknowledged when it was killed, after so many lines and whatever it did since."""
    places = os.pathsep.join([str(WRITER.parents[1]), str(Path(bitgrid.__file__).parents[1])])
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(directory)],
        env={**os.environ, "PYTHONPATH": places},
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        told += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    return [line.strip() for line in told if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_acknowledged_is_lost(tmp_path: Path, seed: int) -> None:
    told = killed(tmp_path, random.Random(seed).randrange(8, 120))
    decisions = [int(line.split()[1]) for line in told if line.startswith("decision")]
    batches = [float(line.split()[1]) for line in told if line.startswith("batch")]
    clock = HeldClock()
    with closing(open_ledger(tmp_path / "ledger", clock)) as ledger:
        assert ledger.head().seq >= decisions[-1] > 0
        assert "_lost" not in ledger.memories()
        assert [row.seq for row in ledger.records()][: len(decisions)] == decisions
    assert [str(fault) for fault in verify(tmp_path / "ledger") if "archived" not in fault.what] == []
    store, loss = open_telemetry(tmp_path / "bitgrid.sqlite", clock)
    with closing(store):
        assert loss is None
        times = {row.at_s for row in store.rows(0, 4e9)}
        assert batches
        assert set(batches) <= times, "each batch that was acknowledged is there"
