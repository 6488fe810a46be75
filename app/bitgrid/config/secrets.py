"""Names and passwords that devices ask for: one small file each, never in git, logs or process lists.

A file of the secrets' directory holds one line, ``user:password`` or a token, and may be read by its owner alone.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.config.errors import ConfigError, Problem

MAX_BYTES = 1000
DIRECTORY_VARIABLE = "BITGRID_SECRETS_DIR"
DEFAULT_DIRECTORY = Path("/etc/bitgrid/secrets")
"""On an appliance it holds one directory a Unix user, which only that user can open."""
WEB_USER = "bitgrid-web"
"""The Unix user of the pages on an appliance."""
WEB_KEYS = "web"
"""Directory in the web process's own, in which it keeps accounts and keys that it makes itself."""
ACCOUNTS, SETUP_CODE = "accounts.json", "setup-code"
HOST_KEY = "host.key"
HOST_TOKEN_PREFIX = "bitgrid.host."  # noqa: S105  what the token begins with, no secret
"""Whoever can read `HOST_KEY` among the web process's keys may ask how the house is, by this and the key."""


@dataclass(frozen=True)
class Credentials:
    """Who one is to a device. The password is in no representation."""

    user: str
    password: str = field(repr=False)


def place(directory: Path | None = None) -> Path:
    """Where secrets are: as told, else by `DIRECTORY_VARIABLE`, else this user's part of `DEFAULT_DIRECTORY`."""
    named = os.environ.get(DIRECTORY_VARIABLE)
    if directory is not None or named:
        return directory or Path(named or "")
    try:
        own = DEFAULT_DIRECTORY / pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a user id without a name
        return DEFAULT_DIRECTORY
    return own if own.is_dir() else DEFAULT_DIRECTORY


def signing_place() -> Path:
    """Where the key of research bundles is: as told, else on an appliance among the web process's own keys.

    So the page, and whoever calls the command there as anybody else, sign with one key, or cannot.
    """
    shared = DEFAULT_DIRECTORY / WEB_USER
    if os.environ.get(DIRECTORY_VARIABLE) or not shared.is_dir():
        return place()
    return shared / WEB_KEYS


def credentials(name: str, directory: Path | None = None) -> Credentials:
    """The credentials in the file ``name``.

    Args:
        name: as ``secret`` in site.yaml says.
        directory: where it is; by default `place`.

    Raises:
        ConfigError: the file is missing, may be read by others, or is not of the form ``user:password``.
    """
    path, text = _read(name, directory, "user:password")
    user, colon, password = text.partition(":")
    if not colon or not user or "\n" in password:
        raise _refused(path, "must hold one line of the form user:password")
    return Credentials(user, password)


def token(name: str, directory: Path | None = None) -> str:
    """The token in the file ``name``: what a server outside the house knows its owner by.

    Args:
        name: as ``secret`` in site.yaml says.
        directory: as for `credentials`.

    Raises:
        ConfigError: the file is missing, may be read by others, or does not hold one line of visible ASCII.
    """
    path, text = _read(name, directory, "the token")
    if not text.isascii() or not text.isprintable() or not text or " " in text:
        raise _refused(path, "must hold one line, the token, and nothing else")
    return text


def host_token(directory: Path) -> str | None:
    """What this machine's own house is asked with; None where there is none, or not for this user.

    Args:
        directory: the web process's own secrets.
    """
    try:
        return HOST_TOKEN_PREFIX + (directory / WEB_KEYS / HOST_KEY).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _read(name: str, directory: Path | None, form: str) -> tuple[Path, str]:
    path = place(directory) / name
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise _refused(path, f"cannot be read: {reason}. Create it with one line, {form}") from None
    if mode & 0o077:
        raise _refused(path, f"may be read by others; run: chmod 600 {path}")
    return path, text.strip()


def _refused(path: Path, told: str) -> ConfigError:
    return ConfigError([Problem(str(path), 0, 0, "", told)])
