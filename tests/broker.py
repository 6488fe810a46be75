"""A real Mosquitto for tests, on a free loopback port, without a trace on disk but its own directory."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DEADLINE_S = 20.0
_PORTS = range(20_000, 32_000)
_port = random.choice(_PORTS)  # not the same in two test runs side by side


def free_port() -> int:
    """A TCP port that is free now, and that nobody is given by chance: below those of outgoing connections."""
    while True:
        port = _next_port()
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            return port


def _next_port() -> int:
    """Each once, so that several that are asked for before the first is bound differ."""
    global _port  # noqa: PLW0603  where this process is in the range
    _port = _PORTS.start + (_port + 1 - _PORTS.start) % len(_PORTS)
    return _port


def eventually(condition: Callable[[], bool], what: str, within_s: float = DEADLINE_S) -> None:
    """Wait until a condition of the outside world holds; fail with ``what`` when it does not in time."""
    never = threading.Event()
    for _ in range(int(within_s / 0.02)):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError(f"not within {within_s} s: {what}")


class Broker:
    """A Mosquitto process."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._configuration = directory / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen(
            [program, "-c", str(self._configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(self._listens, "the broker listens")

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop it where it stands."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
