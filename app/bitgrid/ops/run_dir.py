"""The directory for sockets: inside the instance where its path is short enough, else a private one in /tmp.

A Unix socket's path may have 107 bytes (unix(7)); a checkout deep in a home directory is longer than that.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from bitgrid.ops.errors import Refusal

MAX_RUN_PATH_BYTES = 80  # leaves 27 for the longest socket's name, supervisord's own temporary one


def make_run_dir(home: Path) -> Path:
    """Create (or reuse) the directory for an instance's sockets, readable by its user alone.

    Raises:
        Refusal: the place in /tmp belongs to somebody else.
    """
    inside = home.resolve() / "run"
    if len(os.fsencode(inside)) <= MAX_RUN_PATH_BYTES:
        inside.mkdir(mode=0o700, parents=True, exist_ok=True)
        return inside
    name = hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"bitgrid-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Refusal(
            f"{short} is not a private directory of this user, so no sockets are put there. "
            f"Remove it, or move the checkout to a shorter path."
        )
    return short
