"""The recorder's child: `bitgrid archive run`, in a process of its own whose memory goes when it ends."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from bitgrid.clock import Clock
from bitgrid.store.archive.outcome import Outcome

log = logging.getLogger(__name__)

LONGEST_S = 3600.0
"""A run takes seconds, on a slow disk minutes; one that takes so long hangs. Seconds of the machine."""


class ArchiveChild:
    """One run at a time; what it says of itself goes to the recorder's own log.

    Args:
        command: the program and its arguments.
        clock: the house's.
    """

    def __init__(self, command: Sequence[str], clock: Clock) -> None:
        self._command, self._clock = list(command), clock
        self._process: subprocess.Popen[str] | None = None
        self._told: IO[str] | None = None
        self._until_boot_s = 0.0

    @classmethod
    def of(cls, data: Path, config: Path, clock: Clock) -> ArchiveChild:
        """The child that keeps the archive of a house."""
        command = [sys.executable, "-m", "bitgrid", "archive", "run", "--json", "--data", str(data), "--config"]
        return cls([*command, str(config)], clock)

    def start(self) -> None:
        """Begin a run.

        Raises:
            OSError: it cannot be begun.
        """
        self._told = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  closed with the run
        self._process = subprocess.Popen(self._command, stdout=self._told, stdin=subprocess.DEVNULL, text=True)  # noqa: S603  our own program
        self._until_boot_s = self._clock.boot() + LONGEST_S * self._clock.speed

    def outcome(self) -> Outcome | None:
        """What the run came to; None while it goes on."""
        if self._process is None or self._told is None:
            return Outcome(problems=["no run was begun"])
        code = self._process.poll()
        if code is None and self._clock.boot() < self._until_boot_s:
            return None
        if code is None:
            self.stop()
            return Outcome(problems=[f"a run took longer than {LONGEST_S:.0f} s and was ended; it is tried again"])
        self._told.seek(0)
        text = self._told.read()
        self._close()
        try:
            return Outcome.from_json(text)
        except ValueError:
            return Outcome(problems=[f"a run ended with code {code}; why, is in the recorder's log"])

    def stop(self) -> None:
        """End a run, whatever it does: nothing is lost by it."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._told is not None:
            self._told.close()
        self._process = self._told = None
