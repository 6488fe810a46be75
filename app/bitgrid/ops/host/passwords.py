"""The secrets an appliance makes for itself: a password for every account, kept by its owner alone.

What is there stays; what is missing is made. The broker knows only salted hashes (PBKDF2-SHA512, as
mosquitto_passwd(1) writes them), made anew only where a password is another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import pwd
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from bitgrid.config.secrets import credentials
from bitgrid.ops.broker_access import secret_name
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.accounts import Account
from bitgrid.store.files import write_whole

ITERATIONS = 1000
"""Enough for passwords of 256 random bits, which nobody guesses; every log-in costs the broker this much."""
PASSWORD_BYTES = 32
SALT_BYTES = 12
_KIND = "7"  # mosquitto's number for PBKDF2-SHA512


def make_passwords(accounts: Iterable[Account], directory: Path) -> dict[str, str]:
    """The password of every account, by account; those missing are made.

    Args:
        accounts: whose.
        directory: of the secrets; one directory a Unix user below it.

    Raises:
        ConfigError: a file that is there cannot be used.
        Refusal: a Unix user does not exist.
    """
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    found: dict[str, str] = {}
    for account in accounts:
        owner = user_of(account.owner)
        own = directory / account.owner
        own_directory(own, owner)
        path = own / secret_name(account.name)
        if not path.exists():
            write_secret(path, f"{account.name}:{secrets.token_urlsafe(PASSWORD_BYTES)}\n", owner)
        found[account.name] = credentials(path.name, own).password
    return found


def password_file(passwords: Mapping[str, str], before: str) -> str:
    """The broker's password file; a line of ``before`` that still fits stays as it is."""
    known = dict(line.split(":", 1) for line in before.splitlines() if ":" in line)
    lines = (
        f"{name}:{known[name] if _fits(known.get(name, ''), password) else _hashed(password)}\n"
        for name, password in sorted(passwords.items())
    )
    return "".join(lines)


def _hashed(password: str, salt: bytes | None = None) -> str:
    used = os.urandom(SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), used, ITERATIONS)
    return f"${_KIND}${ITERATIONS}${base64.b64encode(used).decode()}${base64.b64encode(digest).decode()}"


def _fits(line: str, password: str) -> bool:
    parts = line.split("$")
    if len(parts) != 5 or parts[1:3] != [_KIND, str(ITERATIONS)]:  # noqa: PLR2004  kind, count, salt, hash after a $
        return False
    try:
        salt = base64.b64decode(parts[3], validate=True)
    except ValueError:
        return False
    return hmac.compare_digest(line, _hashed(password, salt))


def user_of(name: str) -> pwd.struct_passwd:
    """A Unix user.

    Raises:
        Refusal: there is none of that name.
    """
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise Refusal(f"this machine has no user {name}, so no password was made for it. Run: site.yml") from None


def own_directory(path: Path, owner: pwd.struct_passwd) -> None:
    """Make a directory that its owner may look into; only root may put anything there."""
    path.mkdir(mode=0o700, exist_ok=True)
    os.chown(path, 0, owner.pw_gid)
    path.chmod(0o750)


def write_secret(path: Path, text: str, owner: pwd.struct_passwd) -> None:
    """Never readable by anybody else, not for a moment, and never half written."""
    write_whole(path, text.encode(), 0o600, (owner.pw_uid, owner.pw_gid))
