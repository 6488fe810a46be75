import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bitgrid.plant.commands import plant
from bitgrid.plant.control import SOCKET_NAME, PlantControl, find_socket
from bitgrid.plant.desk import Desk
from bitgrid.plant.errors import NoPlant, PlantError
from bitgrid.plant.faults import Fault
from bitgrid.plant.listeners import control_listener
from bitgrid.plant.model import House
from bitgrid.plant.wire_faults import WireFault
from plant.house import mining


@pytest.fixture
def run_dir(house: House, tmp_path: Path) -> Iterator[Path]:
    listener = control_listener(tmp_path / "run" / SOCKET_NAME, Desk(house).answer)
    yield tmp_path / "run"
    listener.stop()


def say(run_dir: Path, *words: str) -> Result:
    return CliRunner().invoke(plant, ["--run-dir", str(run_dir), *words])


def test_status_tells_a_person_and_a_program(run_dir: Path, house: House) -> None:
    mining(house)
    told = say(run_dir, "status").output
    assert "pv 3000 W, house 500 W, miners 1674 W" in told
    assert "miner: full, 1674 W" in told
    assert "relay closed" in told
    assert json.loads(say(run_dir, "status", "--json").output) == house.status()


def test_faults_are_listed_set_and_cleared(run_dir: Path, house: House) -> None:
    told = say(run_dir, "fault", "meter-silent")
    assert told.exit_code == 0
    assert "bitgrid plant clear meter-silent" in told.output
    assert house.faults == {Fault.METER_SILENT}
    lines = say(run_dir, "faults").output.splitlines()
    assert len(lines) == len(Fault)
    assert [line.split()[1] for line in lines if line.startswith("*")] == ["meter-silent"]
    assert say(run_dir, "clear").exit_code == 0
    assert house.faults == set()


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(run_dir: Path, house: House) -> None:
    told = say(run_dir, "fault", "flood")
    assert told.exit_code == 2
    assert "meter-silent" in told.output
    assert house.faults == set()


def test_wires_are_listed_spoiled_and_mended(run_dir: Path, house: House) -> None:
    wrong = house.wiring.add(["meter"], WireFault)
    told = say(run_dir, "wire", "meter", "late").output
    assert "bitgrid plant wire meter" in told
    assert wrong() is WireFault.LATE
    assert "faults: late on the wire to meter" in say(run_dir, "status").output
    listed = say(run_dir, "wire").output
    assert "* meter                 late" in listed
    assert all(fault in listed for fault in WireFault)
    assert "sound" in say(run_dir, "wire", "meter").output
    assert wrong() is None
    assert "late" in say(run_dir, "wire", "meter", "flood").output


def test_the_house_is_changed(run_dir: Path, house: House) -> None:
    told = say(run_dir, "set", "--pv-factor", "0.5", "--soc", "42", "--extra-load", "300")
    assert "at 42.0 %" in told.output
    assert (house.pv_factor, house.extra_load_w) == (0.5, 300)
    assert say(run_dir, "set", "--pv-factor", "2").exit_code == 2


def test_without_a_running_house_it_says_how_to_start_one(tmp_path: Path) -> None:
    told = say(tmp_path, "status")
    assert told.exit_code == 1
    assert "make run" in told.output
    assert str(tmp_path) in told.output


def test_a_socket_nobody_listens_on_is_no_house(run_dir: Path, tmp_path: Path, house: House) -> None:
    dead = tmp_path / "dead.sock"
    os.link(run_dir / SOCKET_NAME, dead)
    assert PlantControl(dead).status() == house.status()
    listener = control_listener(tmp_path / "gone" / SOCKET_NAME, Desk(house).answer)
    os.link(tmp_path / "gone" / SOCKET_NAME, tmp_path / "left.sock")
    listener.stop()
    assert not (tmp_path / "gone" / SOCKET_NAME).exists()
    with pytest.raises(NoPlant, match="make run"):
        PlantControl(tmp_path / "left.sock").status()


def test_the_client_passes_on_what_was_refused(run_dir: Path) -> None:
    with pytest.raises(PlantError, match="soc_pct"):
        PlantControl(run_dir / SOCKET_NAME).set(soc_pct=200.0)


def test_the_socket_is_the_owners_alone(run_dir: Path) -> None:
    assert (run_dir / SOCKET_NAME).stat().st_mode & 0o777 == 0o600


def test_the_socket_is_found_by_name_then_environment_then_the_newest_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, house: House
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BITGRID_RUN_DIR", raising=False)
    with pytest.raises(NoPlant):
        find_socket()
    places = [tmp_path / "var" / name / "run" / SOCKET_NAME for name in ("older", "newer")]
    listeners = [control_listener(place, Desk(house).answer) for place in places]
    os.utime(places[0], (1000, 1000))
    assert find_socket().resolve() == places[1]
    monkeypatch.setenv("BITGRID_RUN_DIR", str(places[0].parent))
    assert find_socket() == places[0]
    assert find_socket(places[1].parent) == places[1]
    for listener in listeners:
        listener.stop()
