"""A real sshd for one test: a loopback port, a host key and an authorized_keys of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from broker import eventually, free_port

_SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
IS_INSTALLED = bool(_SSHD and shutil.which("ssh") and shutil.which("borg"))


class SshServer:
    """Somebody's server, on which the mirror's repository lies.

    Args:
        directory: where it keeps all it has.
        host: the address at which it listens.
        where: what its command begins with, to run it elsewhere than here.
    """

    def __init__(self, directory: Path, host: str = "127.0.0.1", where: Sequence[str] = ()) -> None:
        self.directory, self.port, self.user = directory, free_port(), getpass.getuser()
        self.host, self._where = host, where
        directory.mkdir(parents=True, exist_ok=True)
        self.repository = directory / "repository"
        self.new_host_key()
        self.allow("")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"ssh://{self.user}@{self.host}:{self.port}{self.repository}"

    @property
    def known_hosts_line(self) -> str:
        public = (self.directory / "host_key.pub").read_text().split()
        return f"[{self.host}]:{self.port} {public[0]} {public[1]}\n"

    def new_host_key(self) -> None:
        for name in ("host_key", "host_key.pub"):
            (self.directory / name).unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.directory / "host_key")]
        subprocess.run(command, check=True)

    def allow(self, line: str) -> None:
        """What stands in authorized_keys."""
        (self.directory / "authorized_keys").write_text(f"{line}\n")

    def start(self) -> None:
        assert _SSHD
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        place = self.directory
        conf = place / "sshd_config"
        conf.write_text(
            f"ListenAddress {self.host}\nPort {self.port}\nHostKey {place}/host_key\nPidFile {place}/sshd.pid\n"
            f"AuthorizedKeysFile {place}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
            f"SetEnv BORG_BASE_DIR={place}/borg\n"
        )
        with (place / "sshd.log").open("wb") as log:
            self._process = subprocess.Popen([*self._where, _SSHD, "-D", "-e", "-f", str(conf)], stderr=log)
        eventually(lambda: "Server listening on" in self.log, "sshd listens")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        return (self.directory / "sshd.log").read_text(errors="replace")
