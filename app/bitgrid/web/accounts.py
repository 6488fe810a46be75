"""Who may look at the house, and who may ask something of it: people with passwords, machines with tokens.

Passwords are kept as Argon2id says (argon2-cffi, its RFC 9106 low-memory profile); a token is 256 random bits, of
which the SHA-256 is kept. May touch: one file, which only its owner may read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bitgrid.store.files import sync, write_whole

PROFILE = RFC_9106_LOW_MEMORY
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
TOKEN_PREFIX = "bitgrid"  # noqa: S105  what a token begins with, no secret
MAX_BYTES = 100_000
HASHES_AT_ONCE = 2
"""Each hash takes 64 MiB while it is made; more at once could be used to exhaust a small machine."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]


class AccountsError(Exception):
    """The accounts cannot be read or written, or what was asked of them is refused; in words."""


class Role(StrEnum):
    """What a person may do."""

    OBSERVER = "observer"
    OPERATOR = "operator"


Scope = Literal["read", "override", "research", "metrics", "operate"]
SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.OBSERVER: frozenset({"read"}),
    Role.OPERATOR: frozenset({"read", "override", "research", "metrics", "operate"}),
}
TOKEN_SCOPES: tuple[Scope, ...] = ("read", "override", "research", "metrics")
"""What a machine may be given; whoever changes accounts or rules is a person."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class User(_Model):
    """A person."""

    role: Role
    password: str

    @property
    def stamp(self) -> str:
        """Names this password without telling it: a session made with another one is over."""
        return hashlib.sha256(self.password.encode()).hexdigest()[:16]


class Token(_Model):
    """A machine's key; the key itself is not kept."""

    scopes: tuple[Scope, ...]
    sha256: str


class _Kept(_Model):
    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    users: dict[Name, User] = {}
    tokens: dict[Name, Token] = {}


class Accounts:
    """The accounts of a house; the file is read anew when it has changed.

    Args:
        path: where they are; made when the first account is.

    Raises:
        AccountsError: from every method, where the file may be read by others, or is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hasher = PasswordHasher.from_parameters(PROFILE)
        self._hashing, self._lock = threading.BoundedSemaphore(HASHES_AT_ONCE), threading.Lock()
        self._read: tuple[tuple[int, int, int], _Kept] | None = None
        self._nobody = ""

    @property
    def users(self) -> dict[str, User]:
        """Every person, by name."""
        return dict(self._kept().users)

    @property
    def tokens(self) -> dict[str, Token]:
        """Every machine's token, by name."""
        return dict(self._kept().tokens)

    def set_user(self, name: str, password: str, role: Role) -> None:
        """Add a person, or give a known one another password or role."""
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise AccountsError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
        user = User(role=role, password=self._hash(password))
        with self._lock:
            kept = self._kept()
            users = {**kept.users, name: user}
            if kept.users and not _has_operator(users):
                raise AccountsError(f"{name} is the only operator and stays one; add another first")
            self._write(kept, users=users)

    def remove_user(self, name: str) -> None:
        """Forget a person; the last operator stays, for nobody could let in another."""
        with self._lock:
            kept = self._kept()
            if name not in kept.users:
                raise AccountsError(f"there is no user {name}; there are: {', '.join(kept.users) or 'none'}")
            users = {known: user for known, user in kept.users.items() if known != name}
            if not _has_operator(users):
                raise AccountsError(f"{name} is the only operator; add another first")
            self._write(kept, users=users)

    def add_token(self, name: str, scopes: tuple[Scope, ...]) -> str:
        """Make a machine's token, and tell it: it is never told again."""
        unknown = set(scopes) - set(TOKEN_SCOPES)
        if unknown or not scopes:
            raise AccountsError(f"a token's scopes are out of: {', '.join(TOKEN_SCOPES)}")
        secret = secrets.token_hex(32)
        with self._lock:
            kept = self._kept()
            if name in kept.tokens:
                raise AccountsError(f"there is a token {name} already; remove it first, or choose another name")
            token = Token(scopes=scopes, sha256=hashlib.sha256(secret.encode()).hexdigest())
            self._write(kept, tokens={**kept.tokens, name: token})
        return f"{TOKEN_PREFIX}.{name}.{secret}"

    def remove_token(self, name: str) -> None:
        """End a token."""
        with self._lock:
            kept = self._kept()
            if name not in kept.tokens:
                raise AccountsError(f"there is no token {name}; there are: {', '.join(kept.tokens) or 'none'}")
            tokens = {known: token for known, token in kept.tokens.items() if known != name}
            self._write(kept, tokens=tokens)

    def person(self, name: str, password: str) -> User | None:
        """The person who has this password; it takes as long where there is none of that name."""
        user = self._kept().users.get(name)
        if len(password) > LONGEST_PASSWORD:
            return None
        known = user.password if user is not None else self._hash_of_nobody()
        with self._hashing:
            try:
                self._hasher.verify(known, password)
            except (VerificationError, InvalidHashError):
                return None
        return user

    def machine(self, told: str) -> tuple[str, Token] | None:
        """The machine whose token this is, with its name."""
        prefix, _, rest = told.partition(".")
        name, _, secret = rest.partition(".")
        token = self._kept().tokens.get(name)
        if prefix != TOKEN_PREFIX or token is None:
            return None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return (name, token) if hmac.compare_digest(digest, token.sha256) else None

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(password)

    def _hash_of_nobody(self) -> str:
        if not self._nobody:
            self._nobody = self._hash(secrets.token_hex(16))
        return self._nobody

    def _kept(self) -> _Kept:
        try:
            with self._path.open("rb") as file:
                told = os.fstat(file.fileno())
                version = (told.st_mtime_ns, told.st_ino, told.st_size)
                if self._read is not None and self._read[0] == version:
                    return self._read[1]
                text = file.read(MAX_BYTES)
        except FileNotFoundError:
            return _Kept()
        except OSError as error:
            raise AccountsError(f"{self._path} cannot be read: {error.strerror}; nobody is let in") from None
        if stat.S_IMODE(told.st_mode) & 0o077:
            raise AccountsError(f"{self._path} may be read by others; run: chmod 600 {self._path}")
        try:
            kept = _Kept.model_validate_json(text)
        except ValidationError as error:
            raise AccountsError(
                f"{self._path} is not what BitGrid wrote ({error.error_count()} faults); nobody is let in. "
                "Put it back from a backup, or delete it and set a password anew on the device itself."
            ) from None
        self._read = (version, kept)
        return kept

    def _write(self, kept: _Kept, **changed: object) -> None:
        told = _Kept.model_validate({**kept.model_dump(by_alias=True), **_plain(changed)})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(self._path, told.model_dump_json(by_alias=True, indent=1).encode(), 0o600)
        except OSError as error:
            raise AccountsError(f"{self._path} cannot be written: {error.strerror}; nothing is changed") from None


def _has_operator(users: dict[str, User]) -> bool:
    return any(user.role is Role.OPERATOR for user in users.values())


def _plain(changed: dict[str, object]) -> dict[str, object]:
    """Changed parts as plain data, so that names are checked once more with the whole."""
    return {
        part: {name: entry.model_dump() for name, entry in entries.items()}  # type: ignore[attr-defined]  # models by name
        for part, entries in changed.items()
    }


def kept_secret(path: Path) -> str:
    """A random secret of 256 bits, in hexadecimal; made at first use.

    Raises:
        AccountsError: it cannot be read or made.
    """
    key = _kept_or_made(path, secrets.token_hex(32))
    if len(key) < 32:  # noqa: PLR2004  128 bits, in hexadecimal
        raise AccountsError(f"{path} holds no key; delete it, and everybody logs in anew")
    return key


def setup_code(path: Path) -> str:
    """What whoever makes the first account must know: that they can read the device's own files or screen.

    Raises:
        AccountsError: it cannot be read or made.
    """
    return _kept_or_made(path, "-".join(str(secrets.randbelow(9000) + 1000) for _ in range(3)))


def _kept_or_made(path: Path, made: str) -> str:
    """What a file holds; where it holds nothing, what was made, once it will outlast a loss of power."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and (kept := path.read_text(encoding="ascii").strip()):
            return kept
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync(path.parent)
    except (OSError, UnicodeDecodeError) as error:
        raise AccountsError(f"{path} cannot be read or made: {error}") from None
    return made
