"""Programs of the machine that builds: run to their end, and told of in words where they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from bitgrid_image.errors import ImageError

_TOLD = 40
MOUNTS = """
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t tmpfs -o mode=0755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mkdir -p "$root/run/lock"
"""
"""What programs of ``$root`` need, for a shell in namespaces of its own; this kernel they may not change."""


def run(
    words: list[str],
    environment: Mapping[str, str] | None = None,
    *,
    stdin: str | None = None,
    cwd: Path | None = None,
    keeps: Callable[[str], bool] = lambda _name: True,
) -> str:
    """What a program says.

    Args:
        words: the program and its arguments.
        environment: what it is told beside this process' own environment.
        stdin: what it reads.
        cwd: where it stands.
        keeps: which names of this process' environment it is told.

    Raises:
        ImageError: it is not there, or failed; with the end of what it said.
    """
    told = {name: value for name, value in os.environ.items() if keeps(name)} | dict(environment or {})
    try:
        done = subprocess.run(  # noqa: S603  own words
            words, input=stdin, capture_output=True, text=True, check=False, env=told, cwd=cwd
        )
    except FileNotFoundError:
        raise ImageError(f"this machine lacks {words[0]}, and an image is not made without it") from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_TOLD:])
        raise ImageError(f"{' '.join(words[:5])} ended with {done.returncode}:\n{said}")
    return done.stdout
