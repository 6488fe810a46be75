"""The file of an update: the root of one slot and its boot files, with a manifest that is signed.

`bitgrid.ops.slots.bundle` reads it on the appliance, and says what is in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bitgrid_image.assembly import digest
from bitgrid_image.errors import ImageError
from bitgrid_image.tools import Tools

_LEVEL = "-10"


@dataclass(frozen=True)
class Update:
    """What an update is made from.

    Args:
        machine: what it is for, as `bitgrid.ops.slots.bundle.Manifest` says it.
        version: of BitGrid.
        root: the slot's file system, as `Assembler.partition` makes it.
        boot: the tree of the slot's own boot files.
    """

    machine: str
    version: str
    root: Path
    boot: Path

    def write(self, target: Path, key: Path, tools: Tools, epoch_s: int) -> None:
        """Write the file; the same bytes for the same input.

        Args:
            target: where to.
            key: the private key (PEM, Ed25519) that signs it.
            tools: for zstd.
            epoch_s: the time of everything, UTC epoch seconds.

        Raises:
            ImageError: the key is none, or a tool failed. There is no file then.
        """
        own, boot = signer(key), _packed(self.boot, epoch_s)
        raw = json.dumps(self._manifest(boot), sort_keys=True).encode()
        packed, unfinished = (target.with_name(f".{target.name}.{end}") for end in ("zst", "new"))
        inside = (f"/mnt/from/{self.root.name}", f"/mnt/to/{packed.name}")
        places = {"from": self.root.parent, "to": packed.parent}
        try:
            command = ("zstd", "-qf", "--single-thread", _LEVEL, inside[0], "-o", inside[1])
            tools.run(*command, places=places, epoch_s=epoch_s)
            with tarfile.open(unfinished, "w", format=tarfile.USTAR_FORMAT) as archive:
                _add(archive, "manifest.json", io.BytesIO(raw), epoch_s)
                _add(archive, "manifest.sig", io.BytesIO(own.sign(raw)), epoch_s)
                _add(archive, "boot.tar", io.BytesIO(boot), epoch_s)
                with packed.open("rb") as file:
                    _add(archive, "root.img.zst", file, epoch_s)
            unfinished.rename(target)
        finally:
            for path in (packed, unfinished):
                path.unlink(missing_ok=True)

    def _manifest(self, boot: bytes) -> dict[str, object]:
        return {
            "schema": 1,
            "version": self.version,
            "machine": self.machine,
            "boot": {"sha256": hashlib.sha256(boot).hexdigest(), "size": len(boot)},
            "root": {"sha256": digest(self.root), "size": self.root.stat().st_size},
        }


def signer(key: Path) -> Ed25519PrivateKey:
    """The private key that signs updates.

    Raises:
        ImageError: it is none, or of another kind.
    """
    try:
        known = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ImageError(f"{key} cannot sign an update: {error}") from None
    if not isinstance(known, Ed25519PrivateKey):
        raise ImageError(
            f"{key} is no Ed25519 key. Make one with: openssl genpkey -algorithm ed25519 -out private.pem"
        )
    return known


def _packed(tree: Path, epoch_s: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(tree.rglob("*")):
            if path.is_file():
                _add(archive, str(path.relative_to(tree)), io.BytesIO(path.read_bytes()), epoch_s)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], epoch_s: int) -> None:
    told = tarfile.TarInfo(name)
    told.size, told.mtime = content.seek(0, io.SEEK_END), epoch_s
    content.seek(0)
    archive.addfile(told, content)
