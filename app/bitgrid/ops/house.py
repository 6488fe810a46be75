"""The house as a tree of processes: supervisord and what it looks after, started, watched and ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import Layout
from bitgrid.ops.processes import kill_what_stays
from bitgrid.ops.programs import FREE_TO_END, Program, find
from bitgrid.ops.readiness import Probe, still_missing
from bitgrid.ops.supervisor_client import FATAL, RUNNING, ProgramInfo, Supervisor, SupervisorAway
from bitgrid.ops.supervisor_conf import render_supervisor

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
GRACE_S = 10.0
"""The guard may take 8 s to see every load off."""
LOG_TAIL_LINES = 15


@dataclass
class House:
    """Processes of one instance.

    Args:
        layout: its files.
        programs: what supervisord is to run.
        environment: for every program.
        machine: the machine's own clock; waiting for processes is no matter of the simulated time.
        stopping: set when the person wants it to end.
    """

    layout: Layout
    programs: Sequence[Program]
    environment: dict[str, str]
    machine: Clock
    stopping: threading.Event
    _daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start supervisord, tied to this process's life."""
        setpriv = find("setpriv")
        self.layout.log.mkdir(parents=True, exist_ok=True)
        conf = render_supervisor(self.programs, self.layout, setpriv)
        self.layout.supervisor_conf.write_text(conf, encoding="utf-8")
        self._daemon = subprocess.Popen(  # noqa: S603  our own programs, no shell
            [setpriv, "--pdeathsig", "TERM", _supervisord(), "-n", "-c", str(self.layout.supervisor_conf)],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for this process, which ends the others in their order
        )

    def wait_until_ready(self, probes: Sequence[Probe]) -> None:
        """Wait until every probe holds, or until told to stop.

        Raises:
            Refusal: a program cannot be started, or it takes too long; with the end of the log.
        """
        supervisor = Supervisor(self.layout.supervisor_socket)
        deadline_s, missing = self.machine.boot() + READY_WITHIN_S, None
        while not self.stopping.is_set():
            self._refuse_if_failed(supervisor)
            missing = still_missing(probes) if self._all_run(supervisor) else "not every program runs yet"
            if missing is None:
                return
            if self.machine.boot() > deadline_s:
                raise Refusal(f"not ready after {READY_WITHIN_S:.0f} s: {missing}. Logs: {self.layout.log}")
            self.machine.wait(self.stopping, 0.1)

    def watch(self) -> int | None:
        """Wait until told to stop (None) or until supervisord is gone (its exit code, negative: a signal)."""
        while not self.machine.wait(self.stopping, 0.25):
            if (code := self._exit_code()) is not None:
                return code
        return None

    def stop(self) -> list[int]:
        """End everything; returns the processes that had to be made to."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._stop_the_free()
            self._daemon.terminate()
            try:
                self._daemon.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
        return kill_what_stays(self.layout.run, self.machine, GRACE_S)

    def _stop_the_free(self) -> None:
        """Supervisord ends one program after the other, up to a second each; not all need that order."""
        supervisor = Supervisor(self.layout.supervisor_socket)
        for program in self.programs:
            if program.priority >= FREE_TO_END:
                with contextlib.suppress(SupervisorAway):
                    supervisor.stop(program.name)

    def _exit_code(self) -> int | None:
        return None if self._daemon is None else self._daemon.poll()

    def _all_run(self, supervisor: Supervisor) -> bool:
        return {info.name for info in _infos(supervisor) if info.state == RUNNING} >= {
            program.name for program in self.programs
        }

    def _refuse_if_failed(self, supervisor: Supervisor) -> None:
        if (code := self._exit_code()) is not None:
            raise Refusal(f"supervisord ended with {code}.\n{self._tail('supervisord')}")
        for info in _infos(supervisor):
            if info.state == FATAL:
                raise Refusal(
                    f"{info.name} cannot be started ({info.description}), so everything was ended again. "
                    f"The end of {self.layout.log / info.name}.log:\n{self._tail(info.name)}"
                )

    def _tail(self, name: str) -> str:
        return tail(self.layout.log / f"{name}.log")


def tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines of a log, indented."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "  (no log was written)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (empty)"


def _infos(supervisor: Supervisor) -> list[ProgramInfo]:
    try:
        return supervisor.programs()
    except SupervisorAway:
        return []


def _supervisord() -> str:
    """The supervisord of the same environment as this Python."""
    beside = Path(sys.executable).with_name("supervisord")
    path = str(beside) if beside.is_file() else shutil.which("supervisord")
    if path is None:
        raise Refusal("supervisord is not installed beside this Python; run `make run`, which installs it.")
    return path
