"""A house with a configuration of its own behind the pages, and children that do what a test says."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bitgrid.config import load_config
from bitgrid.web import Places
from bitgrid.web.jobs import Jobs
from web.talk import REPOSITORY

OURS = {"Origin": "http://localhost"}


def own_places(directory: Path, *, first_run: bool = False) -> Places:
    """A copy of the shipped configuration, and a place for data."""
    places = Places(directory / "data", directory / "config")
    shutil.copytree(REPOSITORY / "config", places.config)
    places.data.mkdir()
    if first_run:
        flags = places.config / "flags.yaml"
        flags.write_text(f"{flags.read_text()}\nfirst_run: true\n")
    load_config(places.config)
    return places


@dataclass
class Children:
    """Stands for `bitgrid …`: small real processes that print what they are told to."""

    says: str = ""
    code: int = 0
    complains: str = ""
    waits: bool = False
    commands: list[list[str]] = field(default_factory=list)

    def __call__(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        self.commands.append(command)
        program = (
            "import sys, time\n"
            f"print({self.complains!r}, file=sys.stderr, flush=True)\n"
            f"print({self.says!r})\n"
            f"time.sleep({60 if self.waits else 0})\n"
            f"sys.exit({self.code})\n"
        )
        return subprocess.Popen(
            [sys.executable, "-S", "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
        )


def ended(jobs: Jobs) -> None:
    """Wait until the piece of work under way has ended."""
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join(30)
    assert jobs.running() is None
