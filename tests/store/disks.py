"""A disk that is small and real, where this machine allows one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(at: Path, size_kb: int = 1024) -> Iterator[Path]:
    """A file system of its own at a directory; skips the test where none can be mounted."""
    at.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk of its own")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "bitgrid-test", str(at)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small disk: {mounted.stderr.decode().strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path) -> None:
    """Write until it takes no byte more."""
    with (disk / "filler").open("wb", buffering=0) as file:
        piece = 1 << 16
        while piece:
            try:
                file.write(b"x" * piece)
            except OSError:
                piece //= 2


def free(disk: Path) -> None:
    """Give the room back."""
    (disk / "filler").unlink()


def protect(disk: Path, *, is_protected: bool) -> None:
    """Make it read-only, as the kernel does after an error, or writable again."""
    how = "ro" if is_protected else "rw"
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True, capture_output=True)
