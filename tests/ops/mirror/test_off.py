"""Off, which it is unless asked for: no process, no key, no connection; and set up with a directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from bitgrid.config import load_config
from bitgrid.config.mirror import Mirror
from bitgrid.ops.mirror import setup
from bitgrid.ops.programs import house_programs
from bitgrid.ops.run import _everything
from ops.mirror.conftest import House
from ops.mirror.server import IS_INSTALLED

needs_borg = pytest.mark.skipif(not IS_INSTALLED, reason="borg is not installed")


def files(house: House) -> set[str]:
    return {str(path.relative_to(house.home)) for path in house.home.rglob("*") if path.is_file()}


def test_as_shipped_it_is_off_and_no_program_of_the_house() -> None:
    site = load_config(Path(__file__).parents[3] / "config").site
    assert site.mirror is None
    names = [program.name for program in _everything(site)(None, True)]  # noqa: FBT003  simulated
    assert "mirror" not in names


def test_asked_for_it_is_one_program_more() -> None:
    off = {program.name for program in house_programs(None, simulated=True)}
    on = {program.name for program in house_programs(None, simulated=True, mirrored=True)}
    assert on - off == {"mirror"}


def test_off_nothing_is_made_and_every_command_says_so(house: House) -> None:
    before = files(house)
    for command in ("init", "run"):
        code, text = house.bitgrid(command)
        assert (code, "the mirror is off" in text) == (1, True)
    code, text = house.bitgrid("status")
    assert code == 0
    assert "is off" in text
    assert files(house) == before


def test_its_process_ends_at_once_where_it_is_off(house: House) -> None:
    environment = {
        **os.environ,
        "BITGRID_CONFIG_DIR": str(house.home / "config"),
        "BITGRID_DATA_DIR": str(house.home),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bitgrid.services.mirror"],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no section mirror" in done.stderr


@needs_borg
def test_a_directory_is_a_repository_too_and_switched_off_its_keys_are_named_and_forgotten(house: House) -> None:
    place = house.home.parent / "disk" / "repository"
    place.parent.mkdir()
    mirror = house.mirror_to(str(place), "exports", "replays")
    code, text = house.bitgrid("init")
    assert code == 0, text
    assert "made, encrypted" in text
    assert not house.places.key(mirror).exists(), "a directory needs no SSH key"
    assert house.places.passphrase(mirror).stat().st_mode & 0o777 == 0o600
    assert house.bitgrid("run")[0] == 0
    assert "is there, and the passphrase fits" in house.bitgrid("init")[1]
    assert "the mirror is on" in house.bitgrid("forget", "--yes")[1]
    house.off()
    assert "still on this disk" in house.bitgrid("status")[1]
    assert house.bitgrid("forget", "--yes")[0] == 0
    assert list(setup.leftovers(mirror, house.places)) == []
    assert place.is_dir(), "the copies are somebody else's to delete"


@needs_borg
def test_a_repository_that_is_not_encrypted_is_not_used(house: House) -> None:
    place = house.home.parent / "plain"
    subprocess.run(
        ["borg", "init", "-e", "none", str(place)],
        check=True,
        env={**os.environ, "BORG_BASE_DIR": str(place.parent)},
    )
    house.mirror_to(str(place))
    code, text = house.bitgrid("init")
    assert code == 1, text
    assert house.bitgrid("run")[0] == 1


@pytest.mark.parametrize(
    "repository",
    [
        "nas:/backup", "ssh://nas/backup", "ssh://-oProxyCommand=x@nas/b", "ssh://anna@-oX/b", "relative", "",
        "ssh://anna@nas/a b", "ssh://anna@nas/../etc", "/a/../b", "ssh://anna@nas:0/b", "/x;reboot", "ssh://anna@nas:99999/b",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_more_than_one_is_refused(repository: str) -> None:
    with pytest.raises(ValidationError):
        Mirror(repository=repository, kinds=["logs"])


def test_kinds_are_chosen_one_by_one() -> None:
    with pytest.raises(ValidationError):
        Mirror(repository="/x", kinds=[])
    with pytest.raises(ValidationError, match="named twice"):
        Mirror(repository="/x", kinds=["logs", "logs"])
    with pytest.raises(ValidationError):
        Mirror.model_validate({"repository": "/x", "kinds": ["ledger"]})


def test_only_what_was_chosen_is_looked_at(house: House) -> None:
    mirror = Mirror(repository="/x", kinds=["exports"])
    assert house.places.sources(mirror) == [house.home / "data" / "exports"]
    assert not (house.home / "data" / "replays").exists()


@pytest.mark.parametrize(
    ("address", "path"),
    [("ssh://a@nas/./x/y", "x/y"), ("ssh://a@nas/~/x", "x"), ("ssh://a@nas:2222/srv/x", "/srv/x")],
)
def test_the_servers_line_names_the_one_repository(house: House, address: str, path: str) -> None:
    mirror = Mirror(repository=address, kinds=["logs"])
    (house.places.secrets / "mirror_key.pub").write_text("ssh-ed25519 AAAA bitgrid-mirror\n")
    line = setup.authorized_keys_line(mirror, house.places)
    forced = f'command="borg serve --append-only --restrict-to-repository {path}",restrict '
    assert line == f"{forced}ssh-ed25519 AAAA bitgrid-mirror"


def test_what_is_missing_names_host_and_port_as_known_hosts_does(house: House) -> None:
    told = setup.what_is_missing(Mirror(repository="ssh://a@nas:2222/x", kinds=["logs"]), house.places)
    assert "[nas]:2222 ssh-ed25519" in told
    assert "nas ssh-ed25519" in setup.what_is_missing(
        Mirror(repository="ssh://a@nas/x", kinds=["logs"]), house.places
    )
    assert setup.what_is_missing(Mirror(repository="/x", kinds=["logs"]), house.places) == ""
