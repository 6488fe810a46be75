"""The update's file: a tar of a manifest, its signature, the boot files, and the whole slot, packed with zstd.

The manifest names the hash of everything else, and is signed (Ed25519) by the key whose public half the running
system carries. Nothing is written before the signature holds, nothing tried before what was written is read back.
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bitgrid.ops.slots.errors import SlotError

MANIFEST, SIGNATURE, BOOT, ROOT = "manifest.json", "manifest.sig", "boot.tar", "root.img.zst"
CHUNK = 1 << 20
_MOST_HEAD_BYTES = 100_000
_MOST_BOOT_BYTES = 256 << 20
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """Something whose hash is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: Sha256
    size: Annotated[int, Field(gt=0, description="Bytes, unpacked.")]


class Manifest(BaseModel):
    """What an update brings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Annotated[Literal[1], Field(alias="schema")]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,60}$")]
    machine: Literal["arm64", "amd64", "arm64-raspios"]
    boot: Part
    root: Part


class Bundle:
    """An update's file whose manifest is proved; parts are read in their order, once.

    Args:
        path: the file.
        key: the public key (PEM) that must have signed it.

    Raises:
        SlotError: it is no update, is damaged, or was signed by somebody else.
    """

    def __init__(self, path: Path, key: Path) -> None:
        self.path = path
        with self._open() as archive:
            raw = _small(archive, MANIFEST)
            _prove(raw, _small(archive, SIGNATURE), key)
        try:
            self.manifest = Manifest.model_validate_json(raw)
        except ValidationError as error:
            raise SlotError(
                f"{path.name} is of a form that this version does not know ({error.error_count()} differences). "
                "Update to a version between first"
            ) from None

    def boot_files(self) -> bytes:
        """The tar of the boot files, held against its hash.

        Raises:
            SlotError: it is damaged.
        """
        with self._open() as archive:
            content = _small(archive, BOOT, _MOST_BOOT_BYTES)
        if hashlib.sha256(content).hexdigest() != self.manifest.boot.sha256:
            raise SlotError(f"{self.path.name} is damaged ({BOOT}); copy it again")
        return content

    def root_chunks(self) -> Iterator[bytes]:
        """The slot's content; only who has read it to its end knows that it is what was signed.

        Raises:
            SlotError: it is damaged, after the last chunk that could be read.
        """
        found, size = hashlib.sha256(), 0
        with self._open() as archive, _unpacked(_member(archive, ROOT)) as content:
            while chunk := content.read(CHUNK):
                found.update(chunk)
                size += len(chunk)
                if size > self.manifest.root.size:
                    break
                yield chunk
        if (size, found.hexdigest()) != (self.manifest.root.size, self.manifest.root.sha256):
            raise SlotError(f"{self.path.name} is damaged ({ROOT}); copy it again")

    @contextmanager
    def _open(self) -> Iterator[tarfile.TarFile]:
        try:
            with tarfile.open(self.path, "r:") as archive:
                yield archive
        except (tarfile.TarError, EOFError, OSError) as error:
            raise SlotError(f"{self.path} cannot be read as an update: {error}; nothing was changed") from None


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        content = archive.extractfile(name)
    except KeyError:
        content = None
    if content is None:
        raise SlotError(f"this is no update of BitGrid: it has no {name}; nothing was changed")
    return content


def _small(archive: tarfile.TarFile, name: str, most: int = _MOST_HEAD_BYTES) -> bytes:
    content = _member(archive, name).read(most + 1)
    if len(content) > most:
        raise SlotError(f"this is no update of BitGrid: its {name} is too large; nothing was changed")
    return content


def _prove(raw: bytes, signature: bytes, key: Path) -> None:
    try:
        known = load_pem_public_key(key.read_bytes())
    except (OSError, ValueError):
        raise SlotError(f"{key} is no key, so no update can be trusted; nothing was changed") from None
    if not isinstance(known, Ed25519PublicKey):
        raise SlotError(f"{key} is no Ed25519 key, so no update can be trusted; nothing was changed")
    try:
        known.verify(signature, raw)
    except InvalidSignature:
        raise SlotError(
            "the update is not signed by who makes BitGrid's, or was changed on its way; nothing was changed"
        ) from None


@contextmanager
def _unpacked(packed: IO[bytes]) -> Iterator[IO[bytes]]:
    """Through zstd(1), whose output is read while it is fed."""
    import threading  # noqa: PLC0415  used here alone

    with subprocess.Popen(["zstd", "-dc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as unpacker:  # noqa: S607  of the PATH
        assert unpacker.stdin is not None  # noqa: S101  as asked for above
        assert unpacker.stdout is not None  # noqa: S101  as asked for above
        feeder = threading.Thread(target=_feed, args=(packed, unpacker.stdin), daemon=True)
        feeder.start()
        try:
            yield unpacker.stdout
        finally:
            unpacker.kill()
            feeder.join()


def _feed(packed: IO[bytes], into: IO[bytes]) -> None:
    try:
        with into:
            while chunk := packed.read(CHUNK):
                into.write(chunk)
    except (BrokenPipeError, OSError, ValueError):
        return  # nobody reads on; whoever does not has the hash to tell
