"""The process itself: it comes up on its sockets, drives the house by its clock, and ends cleanly."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bitgrid.clock import simulated
from bitgrid.plant.control import SOCKET_NAME, PlantControl
from plant.house import CONFIG
from plant.test_server import free_ports

pytestmark = pytest.mark.system
JUNE_1_10H_S = 1_748_772_000
START_S = 20.0


def place(tmp_path: Path, **files: str) -> dict[str, str]:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    site = (config / "site.yaml").read_text()
    for old, new in zip(("15020", "15021", "15022", "14028", "18081"), free_ports(5), strict=True):
        site = site.replace(old, str(new))
    (config / "site.yaml").write_text(site)
    for name, text in files.items():
        (config / f"{name}.yaml").write_text(text)
    clock = simulated(60, JUNE_1_10H_S).to_environment()
    places = {"BITGRID_CONFIG_DIR": str(config), "BITGRID_RUN_DIR": str(tmp_path), "BITGRID_CLOCK": clock}
    return {"PATH": os.environ["PATH"]} | places


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bitgrid.services.plant"], env=environment, stderr=subprocess.PIPE, text=True
    )


def wait_until_up(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    said = []
    for line in process.stderr:
        said.append(line)
        if "is up" in line:
            watchdog.cancel()
            return
    pytest.fail("".join(said))


def test_it_lives_by_its_clock_from_a_recording_and_ends_on_sigterm(tmp_path: Path) -> None:
    recording = tmp_path / "home.csv"
    recording.write_text("time_utc,pv_power_w,house_load_w\n2025-06-01T00:00:00Z,4321,321\n")
    process = start(place(tmp_path) | {"BITGRID_DATA": str(recording)})
    try:
        wait_until_up(process)
        status = PlantControl(tmp_path / SOCKET_NAME).status()
        assert (status["pv_w"], status["house_w"]) == (4321, 321)
        assert JUNE_1_10H_S <= status["at_s"] < JUNE_1_10H_S + 60 * START_S
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert not (tmp_path / SOCKET_NAME).exists()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("files", "data", "says"),
    [
        ({"plant": "schema: 1\ncloudyness: 0.4\n"}, "", "plant.yaml:2:1 cloudyness"),
        ({}, "nowhere.csv", "nowhere.csv: cannot be read"),
    ],
)
def test_what_it_cannot_start_with_it_says_and_ends(
    tmp_path: Path, files: dict[str, str], data: str, says: str
) -> None:
    process = start(place(tmp_path, **files) | {"BITGRID_DATA": data})
    _, said = process.communicate(timeout=START_S)
    assert process.returncode == 78
    assert says in said
    assert "Traceback" not in said
