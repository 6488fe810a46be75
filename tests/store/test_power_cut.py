"""A writer killed between any two of its steps leaves a sound ledger with everything that was acknowledged.

What is killed here is the process. What a power cut adds, pages that the kernel had not written yet, is what
``synchronous=FULL`` and the order of the steps are for; that cannot be shown from inside one machine.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import bitgrid
from bitgrid.store import Ledger
from bitgrid.store.verify import verify
from store.books import NOVEMBER_END_S, decision

WRITER = Path(__file__).with_name("writer.py")
POINTS = 25


def write(directory: Path, die_at: int) -> subprocess.CompletedProcess[str]:
    places = os.pathsep.join([str(WRITER.parents[1]), str(Path(bitgrid.__file__).parents[1])])
    return subprocess.run(
        [sys.executable, str(WRITER), str(directory), str(die_at)],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> int:
    done = write(tmp_path_factory.mktemp("whole") / "ledger", 0)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split("steps ")[1])


def test_a_writer_killed_anywhere_leaves_a_sound_ledger(tmp_path: Path, steps: int) -> None:
    assert steps > 150
    for die_at in random.Random(1).sample(range(1, steps + 1), POINTS):
        directory = tmp_path / str(die_at)
        died = write(directory, die_at)
        assert died.returncode == 9, died.stderr
        assert list(map(str, verify(directory))) == [], f"as it was left at step {die_at}"
        acknowledged = int(died.stdout.split()[-1]) if died.stdout else 0
        with closing(Ledger(directory)) as ledger:
            assert ledger.head().seq >= acknowledged
            assert [row.seq for row in ledger.records()][-1:] >= ([acknowledged] if acknowledged else [])
            if acknowledged:  # the configuration is archived
                ledger.append(decision(NOVEMBER_END_S + 200 * 86_400), "{}")
                assert ledger.memories() == {"miner": "{}"}
        assert list(map(str, verify(directory))) == [], f"gone on with after step {die_at}"
