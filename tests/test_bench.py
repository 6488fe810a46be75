"""What `make bench` measures with still runs: each bench as a program of its own, on as little as it can use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCH = ROOT / "bench"
SMALL = """
import importlib, json, sys
sys.path.insert(0, sys.argv.pop(1))
bench, sizes = importlib.import_module(sys.argv.pop(1)), json.loads(sys.argv.pop(1))
for name, size in sizes.items():
    getattr(bench, name)  # a size that is called otherwise by now would leave the bench at its full length
    setattr(bench, name, size)
sys.exit(bench.main())
"""


def told(bench: str, *arguments: str, **sizes: int) -> str:
    """What a bench says with other sizes than its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SMALL, str(BENCH), bench, json.dumps(sizes), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_kernels_bench_simulates_records_and_replays() -> None:
    june_s = 1_750_032_000
    said = told("kernel", YEAR_BLOCKS=288, WEEK_BLOCKS=144, BEGINS_S=june_s, ROUNDS=2, ROUND=2)
    assert "288 blocks made" in said
    assert "287 decisions, 0 differ" in said
    assert "decide() with its whole trace" in said


def test_the_bench_of_latency_times_starts_and_stops(tmp_path: Path) -> None:
    said = told("latency", str(tmp_path), BLOCKS=6)
    for action in ("start", "stop"):
        assert f"tick to {action} published, as it runs" in said
        assert f"tick to {action} published, without the fsync" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.system
def test_the_bench_of_memory_weighs_every_process_of_the_house() -> None:
    said = told("memory", SETTLE_S=0)
    assert {"rules", "guard", "loads", "supervisord"} <= {line.split()[0] for line in said.splitlines()}
    assert "MB PSS in" in said


def test_make_bench_runs_every_bench_and_each_is_tried_here() -> None:
    plan = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "bench"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    here = Path(__file__).read_text(encoding="utf-8")
    for bench in BENCH.glob("*.py"):
        assert f"bench/{bench.name}" in plan
        assert f'told("{bench.stem}"' in here
