"""`bitgrid run` with real processes: it becomes ready, and whatever ends it, nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bitgrid.clock import SystemClock
from bitgrid.ops.instance import running
from bitgrid.ops.places import Layout
from bitgrid.ops.processes import house_processes
from bitgrid.ops.supervisor_client import Supervisor

pytestmark = pytest.mark.system

SMALL_HOUSE = Path(__file__).with_name("small_house.py")
MACHINE = SystemClock()
WITHIN_S = 30.0


def until(holds: Callable[[], bool], what: str) -> None:
    deadline_s, never = MACHINE.boot() + WITHIN_S, threading.Event()
    while not holds():
        assert MACHINE.boot() < deadline_s, f"waited in vain: {what}"
        MACHINE.wait(never, 0.05)


class RunningHouse:
    """A runner, and what it says."""

    def __init__(self, var: Path, config: Path, programs: tuple[str, ...]) -> None:
        self.var, self.said = var, ""
        self.runner = subprocess.Popen(
            [sys.executable, str(SMALL_HOUSE), str(var), str(config), *programs],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("BITGRID_")},
        )
        assert self.runner.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.runner.stdout,))
        self._reader.start()

    def _read(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.said += line

    @property
    def layout(self) -> Layout:
        card = next(running(self.var))
        return Layout(Path(card.log).parent, Path(card.run))

    @property
    def supervisord(self) -> int:
        return int((self.layout.run / "supervisord.pid").read_text())

    def state(self, name: str) -> tuple[str, int]:
        infos = Supervisor(self.layout.supervisor_socket).programs()
        return next((info.state, info.pid) for info in infos if info.name == name)

    def wait_ready(self) -> RunningHouse:
        until(lambda: "Ready after" in self.said or self.runner.poll() is not None, "ready")
        assert "Ready after" in self.said, self.said
        return self

    def wait_end(self) -> int:
        code = self.runner.wait(WITHIN_S)
        self._reader.join()
        return code

    def end(self) -> None:
        if self.runner.poll() is None:
            self.runner.send_signal(signal.SIGINT)
            self.runner.wait(WITHIN_S)
        self._reader.join()
        assert self.runner.stdout
        self.runner.stdout.close()


Start = Callable[..., RunningHouse]


@pytest.fixture
def start(tmp_path: Path, config_dir: Path) -> Iterator[Start]:
    houses: list[RunningHouse] = []

    def begin(*programs: str) -> RunningHouse:
        houses.append(RunningHouse(tmp_path / "var", config_dir, programs))
        return houses[-1]

    yield begin
    for house in houses:
        house.end()


def test_ctrl_c_ends_everything(start: Start) -> None:
    house = start("mosquitto", "feeds", "reviver").wait_ready()
    run = house.layout.run
    assert len(house_processes(run)) == 4, "supervisord and its three programs"
    house.runner.send_signal(signal.SIGINT)
    assert house.wait_end() == 0
    assert house_processes(run) == []
    assert "Ended; nothing is left running." in house.said
    assert list(running(house.var)) == []


def test_kill_9_of_the_runner_ends_everything(start: Start) -> None:
    house = start("mosquitto", "feeds", "reviver").wait_ready()
    run = house.layout.run
    house.runner.kill()
    until(lambda: house_processes(run) == [], "everything ends with the runner")


def test_kill_9_of_supervisord_ends_everything_and_is_told(start: Start) -> None:
    house = start("mosquitto", "feeds", "reviver").wait_ready()
    run = house.layout.run
    os.kill(house.supervisord, signal.SIGKILL)
    assert house.wait_end() == 1
    assert house_processes(run) == []
    assert "supervisord was killed by signal 9, so everything else was ended too" in house.said


def test_what_does_not_end_when_supervisord_is_killed_is_killed_too(start: Start) -> None:
    house = start("mosquitto", "deaf=/bin/sh -c \"trap '' TERM; while :; do sleep 1; done\"").wait_ready()
    run = house.layout.run
    os.kill(house.supervisord, signal.SIGKILL)
    assert house.wait_end() == 1
    assert house_processes(run) == []
    assert "did not end when asked and were killed" in house.said


def test_a_second_house_beside_it_gets_other_ports(start: Start) -> None:
    first, second = start("mosquitto", "feeds"), start("mosquitto", "feeds")
    pages = [re.findall(r"http://127\.0\.0\.1:(\d+)/", house.wait_ready().said)[0] for house in (first, second)]
    assert pages[0] != pages[1]
    assert len(list(running(first.var))) == 2


def test_a_bad_configuration_starts_nothing(tmp_path: Path, config_dir: Path) -> None:
    (config_dir / "flags.yaml").write_text("schema: 1\nr5_enabled: true\n")
    done = subprocess.run(
        [sys.executable, "-m", "bitgrid", "run", "--config", config_dir, "--var", tmp_path / "var"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert "flags.yaml:2:1 r5_enabled: extra key; did you mean r4_enabled?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "var").exists()


def test_a_program_that_cannot_start_ends_everything_and_shows_its_log(start: Start) -> None:
    house = start("mosquitto", "broken=/bin/sh -c 'echo the reason >&2; exit 78'")
    assert house.wait_end() == 1
    assert "broken cannot be started" in house.said
    assert "  the reason" in house.said
    assert "Ready" not in house.said
    run = next(house.var.glob("*/"))
    assert house_processes(Path(run) / "run") == []


def test_what_an_earlier_run_left_is_ended_first(start: Start) -> None:
    house = start("mosquitto").wait_ready()
    run = house.layout.run
    house.end()
    leftover = subprocess.Popen(["/bin/sleep", "300"], env={"BITGRID_RUN_DIR": str(run)})
    again = start("mosquitto").wait_ready()
    assert leftover.wait(5) == -signal.SIGTERM
    assert "ended what an earlier run had left over: 1 processes" in again.said
    assert "emptied" in again.said


def test_a_program_supervisord_has_given_up_is_revived(start: Start, tmp_path: Path) -> None:
    """It fails until a file is there: longer than supervisord's own patience."""
    mended, broken = tmp_path / "mended", tmp_path / "broken"
    script = f'[ -e "{broken}" ] && [ ! -e "{mended}" ] && exit 1; touch "{broken}"; exec sleep 300'
    house = start("mosquitto", f"frail=/bin/sh -c '{script}'", "reviver").wait_ready()
    os.kill(house.state("frail")[1], signal.SIGKILL)
    log = house.layout.log / "reviver.log"
    until(lambda: "frail was given up; it is started again in 1 s" in log.read_text(), "the reviver hears of it")
    mended.touch()
    until(lambda: house.state("frail")[0] == "RUNNING", "frail runs again")
