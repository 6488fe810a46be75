"""What runs here, told from a few files."""

from __future__ import annotations

from pathlib import Path

import bitgrid
from bitgrid.web import machine


def appliance(root: Path, current: str = "0.2") -> Path:
    for name in ("0.1", "0.2"):
        (root / "releases" / name).mkdir(parents=True)
    (root / "current").symlink_to(Path("releases") / current)
    return root / "releases" / "0.2"


def test_a_release_knows_its_name_and_the_others(tmp_path: Path) -> None:
    found = machine.look(appliance(tmp_path), tmp_path)
    assert (found.version, found.release, found.others) == (bitgrid.__version__, "0.2", ("0.1",))
    assert not found.is_outdated


def test_an_update_that_is_in_place_while_the_old_one_runs_is_told(tmp_path: Path) -> None:
    found = machine.look(appliance(tmp_path, current="0.1"), tmp_path)
    assert found.is_outdated
    assert (found.release, found.current) == ("0.2", "0.1")


def test_a_card_is_renewed_as_a_whole(tmp_path: Path) -> None:
    assert not machine.look(appliance(tmp_path), tmp_path).is_card
    (tmp_path / "usr" / "sbin").mkdir(parents=True)
    (tmp_path / "usr" / "sbin" / "bitgrid-update").touch()
    assert machine.look(tmp_path / "releases" / "0.2", tmp_path).is_card


def test_a_checkout_has_no_releases(tmp_path: Path) -> None:
    found = machine.look(tmp_path / "venv", tmp_path)
    assert (found.release, found.current, found.others, found.is_outdated) == ("", "", (), False)


def test_the_system_s_name_and_a_restart_that_waits(tmp_path: Path) -> None:
    assert not machine.look(tmp_path, tmp_path).needs_restart
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "os-release").write_text('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "reboot-required").touch()
    found = machine.look(tmp_path, tmp_path)
    assert found.needs_restart
    assert found.system.startswith("Debian GNU/Linux 13 (trixie), ")
