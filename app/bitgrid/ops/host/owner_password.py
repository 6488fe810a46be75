"""The owner's password at the proxy: made at first start, for a person to type, and kept as a hash for nginx."""

from __future__ import annotations

import secrets
from pathlib import Path

from bitgrid.config.secrets import Credentials, credentials
from bitgrid.ops.host.openssl import openssl
from bitgrid.ops.host.passwords import own_directory, user_of, write_secret

FILE, USER = "web-owner", "owner"
GROUPS, GROUP_LENGTH = 4, 5
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No i, l, o, 0, 1: nobody shall guess at a letter. Twenty of them are 99 bits."""


def make_owner_password(directory: Path) -> Credentials:
    """What the owner logs in with; made where it is missing.

    Args:
        directory: of the secrets; it lies below ``root``.

    Raises:
        ConfigError: the file that is there cannot be used.
    """
    root = user_of("root")
    own_directory(directory / "root", root)
    path = directory / "root" / FILE
    if not path.exists():
        write_secret(path, f"{USER}:{_new()}\n", root)
    return credentials(FILE, directory / "root")


def proxy_password_file(owner: Credentials, before: str) -> str:
    """The proxy's auth_basic_user_file, by SHA-512 crypt; ``before`` stays where it still fits."""
    user, _, known = before.strip().partition(":")
    parts = known.split("$")
    if user == owner.user and len(parts) == 4 and _hashed(owner.password, parts[2]) == known:  # noqa: PLR2004  $6$salt$hash
        return before
    return f"{owner.user}:{_hashed(owner.password, secrets.token_hex(8))}\n"


def _hashed(password: str, salt: str) -> str:
    return openssl("passwd", "-6", "-salt", salt, "-stdin", told=f"{password}\n").strip()


def _new() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)
