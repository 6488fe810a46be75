"""Setting the mirror up: passphrase and key made for this house alone, the repository made, the rest told.

Undone by `forget`: what is switched off leaves no key on the disk.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bitgrid.config.mirror import Mirror
from bitgrid.ops.errors import Refusal
from bitgrid.ops.mirror import borg
from bitgrid.ops.mirror.places import Places
from bitgrid.ops.mirror.words import in_words
from bitgrid.ops.programs import find

WITHIN_S = 120.0
_PASSPHRASE_BYTES = 32


def make_secrets(mirror: Mirror, places: Places) -> list[Path]:
    """Make the passphrase, and for a server the SSH key, where they are missing; which were made.

    Raises:
        Refusal: ssh-keygen is missing or refused.
        OSError: they cannot be written.
    """
    places.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    passphrase, key = places.passphrase(mirror), places.key(mirror)
    if not passphrase.exists():
        handle = os.open(passphrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(_PASSPHRASE_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        made.append(passphrase)
    if mirror.is_remote and not key.exists():
        command = [find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "bitgrid-mirror", "-f", str(key)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words
        if done.returncode:
            raise Refusal(f"ssh-keygen made no key: {done.stderr.strip()}")
        key.with_name(f"{key.name}.pub").chmod(0o600)  # no secret; what lies beside secrets is for nobody else
        made.append(key)
    return made


def authorized_keys_line(mirror: Mirror, places: Places) -> str:
    """What must stand in the server's authorized_keys: this key may append to this repository, and nothing else.

    Raises:
        OSError: there is no key.
    """
    public = places.key(mirror).with_name(f"{mirror.key}.pub").read_text(encoding="ascii").strip()
    return f'command="borg serve --append-only --restrict-to-repository {_on_server(mirror)}",restrict {public}'


def what_is_missing(mirror: Mirror, places: Places) -> str:
    """What a person must still do before the repository can be reached; empty where nothing is."""
    if not mirror.is_remote or places.known_hosts(mirror).is_file():
        return ""
    host, port = mirror.server
    name = host if port == 22 else f"[{host}]:{port}"  # noqa: PLR2004  the port that known_hosts leaves out
    return (
        f"The server's host key is not noted yet. On the server, print it: cat /etc/ssh/ssh_host_ed25519_key.pub\n"
        f"Then write one line into {places.known_hosts(mirror)}:\n  {name} ssh-ed25519 AAAA…\nand run this again."
    )


def make_repository(mirror: Mirror, places: Places) -> bool:
    """Make the repository, if it is not there; whether it was made.

    Raises:
        Refusal: neither can it be used nor made; the text says why.
        ConfigError: the passphrase cannot be used.
    """
    code, said = call(borg.info(mirror), mirror, places)
    if code == 0:
        return False
    if "does not exist" not in said:
        raise Refusal(in_words(code, said))
    code, said = call(borg.init(mirror), mirror, places)
    if code:
        raise Refusal(in_words(code, said))
    return True


def call(words: list[str], mirror: Mirror, places: Places) -> tuple[int, str]:
    """Call borg and wait, for two minutes at most; its exit code and what it said.

    Raises:
        Refusal: it took longer, or is not installed.
        ConfigError: the passphrase cannot be used.
    """
    with tempfile.TemporaryFile() as told:
        process = borg.start(words, mirror, places, told)
        try:
            code = process.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Refusal(f"borg {words[0]} took longer than {WITHIN_S:.0f} s and was ended") from None
        return code, borg.said(told, places)


def leftovers(mirror: Mirror, places: Places) -> Iterator[Path]:
    """What is on this disk of the mirror: keys, the passphrase, Borg's cache."""
    key = places.key(mirror)
    files = (
        places.passphrase(mirror),
        key,
        key.with_name(f"{mirror.key}.pub"),
        places.known_hosts(mirror),
        places.own,
    )
    return (path for path in files if path.exists())


def forget(mirror: Mirror, places: Places) -> list[Path]:
    """Delete all of it; what was deleted. Without the passphrase nobody reads the copies again."""
    gone = list(leftovers(mirror, places))
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return gone


def _on_server(mirror: Mirror) -> str:
    """The repository's path as `borg serve` there sees it: ``/./`` and ``/~/`` begin at the user's home."""
    path = urlsplit(mirror.repository).path
    return path.removeprefix("/./").removeprefix("/~/")
