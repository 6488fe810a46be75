"""A house that mirrors: logs and exports to copy, secrets, and a server of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.config.mirror import Mirror
from bitgrid.ops.mirror.places import Places
from ops.mirror.server import SshServer

CONFIG = Path(__file__).parents[3] / "config"


@dataclass
class House:
    """A house on disk, as the command line finds it."""

    home: Path

    @property
    def places(self) -> Places:
        return Places(self.home / "data", self.home / "log", self.home / "secrets")

    def mirror_to(self, repository: str, *kinds: str, extra: str = "") -> Mirror:
        """Switch the mirror on."""
        shutil.copy(CONFIG / "site.yaml", self.home / "config" / "site.yaml")
        section = f"repository: {repository}, kinds: [{', '.join(kinds or ('logs', 'exports'))}]{extra}"
        with (self.home / "config" / "site.yaml").open("a") as site:
            site.write(f"\nmirror: {{{section}}}\n")
        return Mirror.model_validate({"repository": repository, "kinds": list(kinds or ("logs", "exports"))})

    def off(self) -> None:
        """Switch it off."""
        shutil.copy(CONFIG / "site.yaml", self.home / "config" / "site.yaml")

    def bitgrid(self, *arguments: str) -> tuple[int, str]:
        where = ("--config", str(self.home / "config"), "--data", str(self.home / "data"))
        done = CliRunner().invoke(main, ["mirror", *arguments, *where])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    shutil.copytree(CONFIG, tmp_path / "house" / "config")
    for name in ("data/exports", "log", "secrets"):
        (tmp_path / "house" / name).mkdir(parents=True)
    (tmp_path / "house" / "secrets").chmod(0o700)
    (tmp_path / "house" / "log" / "rules.log").write_text("the miner started\n" * 50)
    (tmp_path / "house" / "data" / "exports" / "may.zip").write_bytes(b"PK a bundle")
    monkeypatch.setenv("BITGRID_SECRETS_DIR", str(tmp_path / "house" / "secrets"))
    monkeypatch.setenv("BITGRID_LOG_DIR", str(tmp_path / "house" / "log"))
    return House(tmp_path / "house")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    server = SshServer(tmp_path / "server")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mirrored(house: House, server: SshServer) -> Mirror:
    """A mirror that is set up: key allowed as `init` says, host key noted, repository made."""
    mirror = house.mirror_to(server.address)
    code, text = house.bitgrid("init")
    assert code == 1
    server.allow(next(line for line in text.splitlines() if line.startswith("command=")))
    house.places.known_hosts(mirror).write_text(server.known_hosts_line)
    code, text = house.bitgrid("init")
    assert code == 0, text + server.log
    return mirror
