"""What `make bench` measures with still runs: each bench as a program of its own, on as little as it can use."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bitgrid.web.rooms.showing import ROOMS

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


def test_the_bench_of_the_archive_tells_a_year_by_kind() -> None:
    said = told("cold", DAYS=1, EVERY_S=300)
    assert "2025-01-15: 11520 values" in said
    for kind in ("telemetry", "decisions", "energy_to_value", "a year as kept by default"):
        assert f"\n{kind} " in said


def test_the_bench_of_writes_counts_a_day_and_sets_it_beside_a_naive_store(tmp_path: Path) -> None:
    said = told("writes", str(tmp_path), DAY_S=7200, HOT_DAYS=1, NAIVE_PART=120, FEEDS_BLOCKS=100)
    if "writes are not counted" in said:
        pytest.skip("temporary files are not on a disk here, so nothing is counted")
    for line in (
        "telemetry",
        "ledger",
        "explain sessions",
        "second copy",
        "a commit a value",
        "hot database after",
    ):
        assert line in said


@pytest.mark.system
def test_the_bench_of_memory_weighs_every_process_of_the_house() -> None:
    said = told("memory", SETTLE_S=0)
    assert {"rules", "guard", "loads", "supervisord"} <= {line.split()[0] for line in said.splitlines()}
    assert "MB PSS in" in said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Forty days of a recorded home, by the half hour: the sun a hill, the household a step."""
    rows = ["time_utc,pv_power_w,house_load_w,pv_forecast_w,day_ahead_eur_mwh"]
    begins = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    for half_hour in range(40 * 48):
        at, hour = begins + dt.timedelta(minutes=30 * half_hour), half_hour % 48 / 2
        pv_w = max(0.0, 3000 * math.cos((hour - 11.9) / 15 * math.pi)) * (0.4 + 0.2 * (half_hour // 48 % 4))
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{pv_w:.0f},{300 if hour < 17 else 700},{pv_w:.0f},50")
    path = tmp_path / "home.csv"
    path.write_text("\n".join(rows))
    return path


def test_the_bench_of_the_pv_forecast_walks_through_a_home(home: Path) -> None:
    said = told("forecast", str(home), FIRST_NIGHT=32, NIGHTS=30, HALVES_AT_S=1_720_000_000)
    assert "next 30 min, from July" in said
    assert "better than clear-sky persistence (goal: 10 %)" in said


def test_the_bench_of_the_pv_forecasts_cost_learns_and_forecasts() -> None:
    said = told("forecast_cost", DAY_S=8640, ROUNDS=2, GOAL_MS=100_000, GOAL_MB=100_000)
    assert "a year learned, beside the loop" in said
    assert "resident memory grew by at most" in said


def test_the_bench_of_the_load_forecast_walks_through_a_home(home: Path) -> None:
    assert "walked forward" in told("household", str(home))
    assert "give a recorded home" in told("household")


def test_the_bench_of_a_research_bundle_makes_verifies_and_replays_one() -> None:
    said = told("research", DAYS=2, SIGNALS=2, EVERY_S=600, GOAL_MB=100_000)
    assert "287 of 287 decisions replayed" in said
    assert "0 differ" in said


def test_the_bench_of_the_key_figures_reckons_what_it_made_up() -> None:
    said = told("kpi", DAYS=3, ROUNDS=1, GOAL_S=1000, GOAL_MB=10_000)
    assert "bitgrid kpi, a year, fresh process" in said
    assert "its peak resident memory" in said


@pytest.mark.system
@pytest.mark.browser
@pytest.mark.skipif(
    not (shutil.which("wrk") and Path("/usr/bin/chromium").exists()) and "CI" not in os.environ,
    reason="no wrk or no Chromium: apt install wrk chromium",
)
def test_the_bench_of_the_page_asks_every_room_and_watches_a_screen() -> None:
    said = told("web", CLIENTS=2, SECONDS=1, ROUNDS=2, PAUSE_S=0, GOAL_P95_MS=100_000, GOAL_SCREEN_MS=100_000)
    for path in ROOMS.values():
        assert f"\n{path} " in said
    assert "× bare" in said
    assert "2 decisions on the screen of one of 2 pages" in said


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
