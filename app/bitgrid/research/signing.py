"""The key that bundles are signed with (Ed25519), in a file of the secrets' directory, and what is told of it."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bitgrid.research.errors import BadBundle, ResearchError
from bitgrid.store.files import sync

FILE = "research_signing_key"
_OWNER_ONLY = 0o600
_MAX_BYTES = 1000


@dataclass(frozen=True)
class PublicKey:
    """A public key; ``text`` is its 32 bytes in base64, ``id`` begins their SHA-256 in hexadecimal."""

    raw: bytes

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key that `text` told.

        Raises:
            BadBundle: it is none.
        """
        try:
            raw = base64.b64decode(text, validate=True)
            Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise BadBundle("the public key is none: 32 bytes in base64 are needed") from None
        return cls(raw)

    @property
    def text(self) -> str:
        """As it is told and compared."""
        return base64.b64encode(self.raw).decode("ascii")

    @property
    def id(self) -> str:
        """A short name for it."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Whether a signature is of this key and content."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """The house's own key; it is in no representation."""

    _key: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id})"

    @property
    def public(self) -> PublicKey:
        """What others verify with."""
        return PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(content)


def known_key(directory: Path) -> SigningKey | None:
    """The house's key; None where none was ever made.

    Raises:
        ResearchError: the file may be read by others, or is no such key.
    """
    path = directory / FILE
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(_MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResearchError(f"{path} cannot be read ({error.strerror}); nothing can be signed") from None
    if mode & 0o077:
        raise ResearchError(f"{path} may be read by others; run: chmod 600 {path}")
    try:
        key = load_pem_private_key(text, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ResearchError(
            f"{path} is no Ed25519 key in PEM. Move it away, and a new one is made at the next export"
        )
    return SigningKey(key)


def own_key(directory: Path) -> SigningKey:
    """The house's key, made at first use, readable by its owner alone.

    Raises:
        ResearchError: it cannot be read or written.
    """
    known = known_key(directory)
    return _made(directory) if known is None else known


def _made(directory: Path) -> SigningKey:
    """A new key; the file appears whole or not at all, and never in place of another."""
    key = Ed25519PrivateKey.generate()
    unfinished, path = directory / f".{FILE}.{os.getpid()}", directory / FILE
    try:
        if not directory.is_dir():
            directory.mkdir(mode=0o700, parents=True)
            sync(directory.parent)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(unfinished)
        finally:
            unfinished.unlink()
        sync(directory)
    except FileExistsError:
        return own_key(directory)
    except OSError as error:
        raise ResearchError(f"no signing key could be made in {directory} ({error.strerror})") from None
    return SigningKey(key)
