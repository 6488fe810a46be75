"""The update's file: a tar of a manifest, its signature, the boot files, and the whole slot, packed with zstd.

The manifest names the hash of everything else, and is signed (Ed25519) by the key whose public half the running
system carries. Nothing is written before the signature holds, nothing tried before what was written is read back.
Of all that a tar can hold, an update has plain files alone, each once; whoever sends another is not listened to.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import threading
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
        with self._open() as file:
            raw = _small(file, MANIFEST)
            _prove(raw, _small(file, SIGNATURE), key)
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
        with self._open() as file:
            content = _small(file, BOOT, _MOST_BOOT_BYTES)
        if hashlib.sha256(content).hexdigest() != self.manifest.boot.sha256:
            raise SlotError(f"{self.path.name} is damaged ({BOOT}); copy it again")
        return content

    def root_chunks(self) -> Iterator[bytes]:
        """The slot's content; only who has read it to its end knows that it is what was signed.

        Raises:
            SlotError: it is damaged, after the last chunk that could be read.
        """
        found, size = hashlib.sha256(), 0
        with self._open() as file, _unpacked(file, _find(file, ROOT)) as content:
            while chunk := content.read(CHUNK):
                found.update(chunk)
                size += len(chunk)
                if size > self.manifest.root.size:
                    break
                yield chunk
        if (size, found.hexdigest()) != (self.manifest.root.size, self.manifest.root.sha256):
            raise SlotError(f"{self.path.name} is damaged ({ROOT}); copy it again")

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            with self.path.open("rb") as file:
                yield file
        except (tarfile.TarError, ValueError, OSError) as error:
            raise SlotError(
                f"{self.path} cannot be read as an update: {error}; the system that runs stays"
            ) from None


def _find(file: IO[bytes], name: str) -> int:
    """Go to where a part begins.

    Returns:
        How large it is, bytes.

    Raises:
        SlotError: it is not there, or something is that no update has.
        tarfile.TarError, ValueError: what is there is no tar.
    """
    found: dict[str, tuple[int, int]] = {}
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    while (head := file.read(tarfile.BLOCKSIZE)).strip(b"\0"):
        one, begin = tarfile.TarInfo.frombuf(head, "ascii", "strict"), file.tell()
        is_file = one.type in {tarfile.REGTYPE, tarfile.AREGTYPE}
        if not is_file or one.name in found or not 0 <= one.size <= end - begin:
            raise SlotError(f"this is no update of BitGrid ({one.name!r} in it is none's); nothing was changed")
        found[one.name] = begin, one.size
        file.seek(begin + -(-one.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE)
    if name not in found:
        raise SlotError(f"this is no update of BitGrid: it has no {name}; nothing was changed")
    file.seek(found[name][0])
    return found[name][1]


def _small(file: IO[bytes], name: str, most: int = _MOST_HEAD_BYTES) -> bytes:
    size = _find(file, name)
    if size > most:
        raise SlotError(f"this is no update of BitGrid: its {name} is too large; nothing was changed")
    return file.read(size)


def _prove(raw: bytes, signature: bytes, key: Path) -> None:
    try:
        known = load_pem_public_key(key.read_bytes())
    except FileNotFoundError:
        raise SlotError(
            "this card was made without a key, so it takes no update of the whole system; nothing was changed. "
            "Write a new card, and restore the last backup"
        ) from None
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
def _unpacked(packed: IO[bytes], size: int) -> Iterator[IO[bytes]]:
    """Through zstd(1), whose output is read while it is fed."""
    with subprocess.Popen(["zstd", "-qdc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as unpacker:  # noqa: S607  of the PATH
        assert unpacker.stdin is not None  # noqa: S101  as asked for above
        assert unpacker.stdout is not None  # noqa: S101  as asked for above
        feeder = threading.Thread(target=_feed, args=(packed, size, unpacker.stdin), daemon=True)
        feeder.start()
        try:
            yield unpacker.stdout
        finally:
            unpacker.kill()
            feeder.join()


def _feed(packed: IO[bytes], size: int, into: IO[bytes]) -> None:
    try:
        with into:
            while size > 0 and (chunk := packed.read(min(CHUNK, size))):
                into.write(chunk)
                size -= len(chunk)
    except (OSError, ValueError):
        return  # nobody reads on; whoever does not has the hash to tell
