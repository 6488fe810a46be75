"""How Ansible reaches the root of a card that is being made: by chroot. The caller has mounted what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
    name: card_root
    short_description: Run tasks in a root that is being made
    description: Runs each task by chroot in a directory; its mounts are the caller's business.
    author: BitGrid
    options:
      remote_addr:
        description: The directory.
        vars: [{name: ansible_host}]
"""
ENVIRONMENT = ("SOURCE_DATE_EPOCH", "PYTHONHASHSEED", "LC_ALL", "TZ")
"""What a task must know of the build, so that it writes the same every time."""


class Connection(ConnectionBase):
    """A root in a directory."""

    transport = "card_root"
    has_pipelining = True

    def _connect(self) -> Connection:
        if not self._connected:
            if os.geteuid() != 0:
                raise AnsibleError("the root of a card is made by root, for its files belong to many users")
            self._root = Path(self.get_option("remote_addr"))
            if not (self._root / "usr").is_dir():
                raise AnsibleError(f"{self._root} is no root of a system")
            self._connected = True
        return self

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run a command line in the root: its exit code and what it said."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        environment = {
            **{name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
            "HOME": "/root",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        words = ["chroot", str(self._root), "/bin/sh", "-c", cmd]
        given = {"input": in_data} if in_data is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run(words, capture_output=True, check=False, env=environment, **given)  # noqa: S603  Ansible's own words
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of this machine into the root."""
        super().put_file(in_path, out_path)
        shutil.copyfile(in_path, self._inside(out_path))

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of the root to this machine."""
        super().fetch_file(in_path, out_path)
        shutil.copyfile(self._inside(in_path), out_path)

    def close(self) -> None:
        """Nothing is open."""
        self._connected = False

    def _inside(self, path: str) -> Path:
        return self._root / path.lstrip("/")
