"""A release of this checkout, as `scripts/release` makes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ground.rules import ROOT

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]


def make_release(where: Path) -> None:
    """Put it into a directory; half a minute, once pip has the wheels in its cache."""
    command = [str(ROOT / "scripts" / "release"), MACHINE, str(where)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHON": sys.executable}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
