"""The mirror against a real sshd and a real borg: it copies, and its key can do nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from bitgrid.clock import SystemClock
from bitgrid.config.mirror import Mirror
from bitgrid.ops.mirror import borg, setup, state
from bitgrid.ops.mirror.mirroring import Mirroring
from ops.mirror.conftest import House
from ops.mirror.server import IS_INSTALLED, SshServer

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not IS_INSTALLED, reason="sshd, ssh or borg is not installed"),
]


def call(house: House, mirror: Mirror, *words: str) -> tuple[int, str]:
    return setup.call([*words], mirror, house.places)


def archives(house: House, mirror: Mirror) -> list[str]:
    code, text = call(house, mirror, "list", "--json", mirror.repository)
    assert code == 0, text
    return [archive["archive"] for archive in json.loads(text)["archives"]]


def ssh(house: House, mirror: Mirror, server: SshServer, *words: str) -> subprocess.CompletedProcess[str]:
    """As somebody who has stolen the key."""
    command = [*shlex.split(borg.ssh(mirror, house.places)), "-p", str(server.port)]
    return subprocess.run([*command, *words], input="", capture_output=True, text=True, check=False, timeout=20)


def segments(repository: Path) -> dict[str, str]:
    files = (path for path in (repository / "data").rglob("*") if path.is_file())
    return {str(path.relative_to(repository)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_copies_what_was_chosen_and_the_server_can_read_none_of_it(
    house: House, mirrored: Mirror, server: SshServer
) -> None:
    (house.home / "data" / "ledger").mkdir()
    (house.home / "data" / "ledger" / "2026-05.sqlite").write_text("not chosen")
    code, text = house.bitgrid("run")
    assert code == 0, text + server.log
    (archive,) = archives(house, mirrored)
    code, listed = call(house, mirrored, "list", "--short", f"{mirrored.repository}::{archive}")
    names = [Path(line).name for line in listed.splitlines()]
    assert code == 0
    assert {"rules.log", "may.zip"} <= set(names)
    assert not {"2026-05.sqlite", "mirror_key", "mirror_passphrase"} & set(names)
    stored = b"".join(path.read_bytes() for path in server.repository.rglob("*") if path.is_file())
    assert b"the miner started" not in stored
    assert b"rules.log" not in stored
    assert b"last copied" in house.bitgrid("status")[1].encode()


def test_the_key_opens_no_shell_and_runs_no_command(house: House, mirrored: Mirror, server: SshServer) -> None:
    for words in (["id"], ["-tt", "sh", "-c", "id"], ["-s", "sftp"]):
        done = ssh(house, mirrored, server, *(words[:1] if words[0].startswith("-") else []),
                   f"{server.user}@127.0.0.1", *(words[1:] if words[0].startswith("-") else words))  # fmt: skip
        assert "uid=" not in done.stdout + done.stderr
        assert "SSH-" not in done.stdout


def test_the_key_forwards_nothing(house: House, mirrored: Mirror, server: SshServer) -> None:
    options = shlex.split(
        borg.ssh(mirrored, house.places).replace("ClearAllForwardings=yes", "ExitOnForwardFailure=yes")
    )
    command = [*options, "-p", str(server.port), "-W", f"127.0.0.1:{server.port}", f"{server.user}@127.0.0.1"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=20)
    assert "SSH-2.0" not in done.stdout, "a forwarded sshd would greet"
    assert "prohibited" in done.stderr or "refused" in done.stderr
    remote = [*options, "-p", str(server.port), "-N", "-R", "0:127.0.0.1:1", f"{server.user}@127.0.0.1"]
    done = subprocess.run(remote, input="", capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0


def test_the_key_reaches_no_other_repository(house: House, mirrored: Mirror, server: SshServer) -> None:
    other = mirrored.repository.replace("/repository", "/elsewhere")
    code, text = call(house, mirrored, "init", "-e", "repokey-blake2", other)
    assert code != 0
    assert "not allowed" in text.lower() or "PathNotAllowed" in text
    assert not (server.directory / "elsewhere").exists()


def test_nothing_the_key_deletes_is_gone(
    house: House, mirrored: Mirror, server: SshServer, tmp_path: Path
) -> None:
    assert house.bitgrid("run")[0] == 0
    (archive,) = archives(house, mirrored)
    before = segments(server.repository)
    call(house, mirrored, "delete", f"{mirrored.repository}::{archive}")
    call(house, mirrored, "compact", "--threshold", "0", mirrored.repository)
    after = segments(server.repository)
    assert {name: digest for name, digest in after.items() if name in before} == before, "nothing old was touched"
    rescued = tmp_path / "rescued"
    shutil.copytree(server.repository, rescued)
    for name in after.keys() - before.keys():
        (rescued / name).unlink()
    for path in rescued.glob("*.*"):
        if path.name.split(".")[0] in {"index", "hints", "integrity"}:
            path.unlink()
    local = mirrored.model_copy(update={"repository": str(rescued)})
    fresh = House(tmp_path / "rescuer")
    (fresh.home / "secrets").mkdir(parents=True)
    shutil.copy(house.places.passphrase(mirrored), fresh.home / "secrets" / "mirror_passphrase")
    assert archives(fresh, local) == [archive]


def test_a_repository_cannot_be_deleted_by_the_key(
    house: House, mirrored: Mirror, server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.bitgrid("run")[0] == 0
    before, usual = segments(server.repository), borg.environment
    yes = {"BORG_DELETE_I_KNOW_WHAT_I_AM_DOING": "YES"}
    monkeypatch.setattr(borg, "environment", lambda *given: {**usual(*given), **yes})
    code, text = call(house, mirrored, "delete", "--force", mirrored.repository)
    assert code != 0, text
    assert before.items() <= segments(server.repository).items()


@pytest.mark.usefixtures("mirrored")
def test_another_host_key_stops_it_and_nothing_is_sent(house: House, server: SshServer) -> None:
    before = segments(server.repository)
    server.stop()
    server.new_host_key()
    server.start()
    code, text = house.bitgrid("run")
    assert code == 1
    assert "another host key" in text
    assert segments(server.repository) == before
    assert house.bitgrid("status")[0] == 1


def test_without_a_noted_host_key_no_connection_is_made(house: House, mirrored: Mirror, server: SshServer) -> None:
    house.places.known_hosts(mirrored).unlink()
    connections = server.log.count("Accepted") + server.log.count("Connection")
    code, text = house.bitgrid("run")
    assert (code, "host key is not noted" in text) == (1, True)
    assert server.log.count("Accepted") + server.log.count("Connection") == connections


@pytest.mark.usefixtures("mirrored")
def test_a_key_that_is_not_allowed_and_a_server_that_is_away_are_told(house: House, server: SshServer) -> None:
    line = (server.directory / "authorized_keys").read_text()
    server.allow("")
    assert "accept this key" in house.bitgrid("run")[1]
    server.allow(line)
    server.stop()
    assert "cannot be reached" in house.bitgrid("run")[1]
    found = state.read(house.places.own)
    assert found.failures == 2
    server.start()
    assert house.bitgrid("run")[0] == 0
    assert state.read(house.places.own).failures == 0


def test_another_passphrase_is_told(house: House, mirrored: Mirror) -> None:
    house.places.passphrase(mirrored).write_text("anotherone\n")
    assert "the passphrase is not that of this repository" in house.bitgrid("run")[1]


def _everywhere() -> list[bytes]:
    """Command line and environment of every process there is."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            for name in ("cmdline", "environ"):
                try:
                    found.append((process / name).read_bytes())
                except OSError:
                    continue
    return found


def test_the_passphrase_is_never_in_a_command_line_an_environment_a_log_or_a_state(
    house: House, mirrored: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    secret = house.places.passphrase(mirrored).read_text().strip().encode()
    (house.home / "log" / "large.log").write_bytes(os.urandom(30_000_000))
    mirroring, never, looks, saw_borg = (
        Mirroring(mirrored, house.places, SystemClock()),
        threading.Event(),
        0,
        False,
    )
    mirroring.begin()
    while mirroring.is_running:
        told = _everywhere()
        assert not [text for text in told if secret in text]
        saw_borg = saw_borg or any(b"borg" in text and b"create" in text for text in told)
        looks += 1
        never.wait(0.02)
        mirroring.step()
    assert mirroring.state.failures == 0, mirroring.state.problem
    assert saw_borg, "a look that never met borg proves nothing"
    assert looks > 5
    kept = b"".join(path.read_bytes() for path in house.places.own.rglob("*") if path.is_file())
    assert secret not in kept + caplog.text.encode() + state.told(mirroring.state).encode()


@pytest.mark.usefixtures("mirrored")
def test_nothing_is_left_running_when_it_is_done(house: House) -> None:
    assert house.bitgrid("run")[0] == 0
    mine = str(house.home).encode()
    assert not [text for text in _everywhere() if mine in text and b"borg\0" in text]
