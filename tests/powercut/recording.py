"""A scenario played by a real process, and every operation it did to the files below one directory.

How: an LD_PRELOAD shim (shim.c, compiled here with the machine's C compiler) between the process and libc. The
other ways were weighed: strace sees all system calls, but not at which position a plain write lands;
a recording VFS of SQLite sees SQLite alone, and needs another SQLite than the product's. Python's `_sqlite3`,
libsqlite3 and Arrow's libraries are dynamically linked and come through libc's symbols. That nothing was missed is
not assumed: the log is replayed to its end and must give, file by file and byte by byte, the directory that the
process left. A sync that were missed would make the replay harsher, never kinder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bitgrid
from powercut.disk import SHARED_MEMORY, Disk, Tree
from powercut.oplog import NotUnderstood, Op, read

_SHIM = Path(__file__).with_name("shim.c")
_TESTS = Path(__file__).parents[1]
_MEMORY = Path("/dev/shm")  # noqa: S108  only faster: what is replayed there needs no disk


@dataclass(frozen=True)
class Recording:
    """What a scenario did below ``root``, in order, with what it told in between."""

    scenario: str
    ops: list[Op]
    root: Path


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that is gone afterwards, in memory where there is such a place."""
    where = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="bitgrid-powercut-", dir=where) as directory:
        yield Path(directory).resolve()


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("gcc") or shutil.which("cc")


def record(scenario: str) -> Recording:
    """Play a scenario (MODULE:FUNCTION) in a process of its own.

    Raises:
        NotUnderstood: the process failed, or the recording is not what it left.
    """
    with scratch() as directory:
        root, log = directory / "root", directory / "log"
        root.mkdir()
        inode = root.stat().st_ino
        _play(scenario, root, log)
        recording = Recording(scenario, read(log, root, inode), root)
        _compare(recording, root)
        return recording


def _play(scenario: str, root: Path, log: Path) -> None:
    told = log.with_name("told")
    environment = {
        **os.environ,
        "LD_PRELOAD": str(_built()),
        "POWERCUT_ROOT": str(root),
        "POWERCUT_LOG": str(log),
        "POWERCUT_TOLD": str(told),
        "PYTHONPATH": os.pathsep.join([str(_TESTS), str(Path(bitgrid.__file__).parents[1])]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "powercut.child", scenario, str(root), str(told)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise NotUnderstood(f"{scenario} ended with {done.returncode}: {done.stderr[-2000:]}")


@cache
def _built() -> Path:
    """The shim as a library; it stays as long as this process."""
    program = compiler()
    if program is None:
        raise NotUnderstood("no C compiler on this machine; `apt-get install build-essential`")
    library = Path(_kept_directory().name) / "shim.so"
    command = [program, "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library), str(_SHIM)]
    built = subprocess.run([*command, "-lpthread"], capture_output=True, text=True, check=False)
    if built.returncode:
        raise NotUnderstood(f"the shim does not compile: {built.stderr}")
    return library


@cache
def _kept_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bitgrid-powercut-shim-")


def _compare(recording: Recording, root: Path) -> None:
    disk = Disk()
    for op in recording.ops:
        disk.do(op)
    replayed, real = _but_shared_memory(disk.running()), _but_shared_memory(_found(root))
    names = sorted(replayed.keys() ^ real.keys())
    changed = sorted(path for path in replayed.keys() & real.keys() if replayed[path] != real[path])
    if names or changed:
        raise NotUnderstood(
            f"{recording.scenario}: the recording is not what the process left: names {names}, content {changed}; "
            "something wrote past the shim"
        )


def _but_shared_memory(tree: Tree) -> Tree:
    return {path: told for path, told in tree.items() if not path.endswith(SHARED_MEMORY)}


def _found(root: Path) -> Tree:
    return {
        str(path.relative_to(root)): None if path.is_dir() else (path.stat().st_mode & 0o7777, path.read_bytes())
        for path in sorted(root.rglob("*"))
    }
