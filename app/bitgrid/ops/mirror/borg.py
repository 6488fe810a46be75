"""Borg, called: which words, which environment, and the passphrase through a pipe that nobody else can read.

The passphrase stands in no command line, no environment and no file but its own. Borg is given no environment of
ours, so no agent and no configuration of a person reach it; ssh reads no configuration but what stands here.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from bitgrid.config.mirror import Mirror
from bitgrid.config.secrets import token
from bitgrid.ops.mirror.places import Places
from bitgrid.ops.programs import SYSTEM_DIRECTORIES, find

LOCK_WAIT_S = 30
MOST_READ = 8_000
UNFINISHED = "*/.*.unfinished"
"""What an export that is still being made is called."""
_SSH_OPTIONS = (
    "BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "StrictHostKeyChecking=yes", "UpdateHostKeys=no",
    "GlobalKnownHostsFile=/dev/null", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
    "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "PermitLocalCommand=no", "ControlPath=none",
    "ProxyCommand=none", "RequestTTY=no", "ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=4",
)  # fmt: skip


def create(mirror: Mirror, sources: Sequence[Path], archive: str) -> list[str]:
    """The words that copy directories into a new archive."""
    copied = ["--json", "--exclude", UNFINISHED, f"{mirror.repository}::{archive}", *map(str, sources)]
    return ["create", "--lock-wait", str(LOCK_WAIT_S), *copied]


def init(mirror: Mirror) -> list[str]:
    """The words that make the repository: encrypted, and told to keep what it has."""
    return ["init", "--encryption", "repokey-blake2", "--append-only", mirror.repository]


def info(mirror: Mirror) -> list[str]:
    """The words that ask whether the repository is there and the passphrase fits."""
    return ["info", "--json", "--lock-wait", str(LOCK_WAIT_S), mirror.repository]


def start(words: Sequence[str], mirror: Mirror, places: Places, told: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start borg; it ends when this process does.

    Args:
        words: what it is to do.
        mirror: the repository.
        places: for its key, its cache and its passphrase.
        told: where it writes what it has to say.

    Raises:
        ConfigError: the passphrase is missing or may be read by others.
        Refusal: borg is not installed.
        OSError: it cannot be started.
    """
    passphrase = token(mirror.passphrase, places.secrets)
    reading, writing = os.pipe()
    try:
        os.write(writing, passphrase.encode("ascii"))
        os.close(writing)
        places.own.mkdir(mode=0o700, parents=True, exist_ok=True)
        _words_of_ssh(places).unlink(missing_ok=True)
        command = [find("setpriv"), "--pdeathsig", "TERM", find("borg"), *words]
        return subprocess.Popen(  # noqa: S603  our own words, no shell
            command,
            env=environment(mirror, places, reading),
            cwd=places.own,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            pass_fds=(reading,),
        )
    finally:
        os.close(reading)


def said(told: IO[bytes], places: Places) -> str:
    """The end of what borg printed, and what its ssh had to say, which borg does not always wait for."""
    size = told.seek(0, os.SEEK_END)
    told.seek(max(0, size - MOST_READ))
    try:
        with _words_of_ssh(places).open("rb") as file:
            by_ssh = file.read(MOST_READ)
    except FileNotFoundError:
        by_ssh = b""
    return (told.read() + by_ssh).decode(errors="replace")


def _words_of_ssh(places: Places) -> Path:
    return places.own / "ssh.log"


def environment(mirror: Mirror, places: Places, passphrase_fd: int) -> dict[str, str]:
    """All that borg is told of its surroundings."""
    return {
        "PATH": f"{os.environ.get('PATH', '/usr/bin:/bin')}:{SYSTEM_DIRECTORIES}",
        "HOME": str(places.own),
        "LANG": "C.UTF-8",
        "BORG_BASE_DIR": str(places.own),
        "BORG_PASSPHRASE_FD": str(passphrase_fd),
        "BORG_RSH": shlex.join([*shlex.split(ssh(mirror, places)), "-E", str(_words_of_ssh(places))]),
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "no",
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "no",
    }


def ssh(mirror: Mirror, places: Places) -> str:
    """The ssh command: this key and this host key alone, no agent, no forwarding, no question."""
    options = [*_SSH_OPTIONS, f"UserKnownHostsFile={_quoted(places.known_hosts(mirror))}"]
    words = ["ssh", "-F", "none", "-T", "-i", str(places.key(mirror))]
    return shlex.join([*words, *(word for option in options for word in ("-o", option))])


def _quoted(path: Path) -> str:
    """A path in an option of ssh, which takes blanks for the end of one."""
    return f'"{path}"' if " " in str(path) else str(path)
