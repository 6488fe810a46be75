"""Long work for a page: a child process that ends, one at a time, watched, cancelled, and its result kept.

A child is the project's own command line at the lowest priority: the house decides first, and what it holds in
memory goes with it. On its stderr a line ``progress 12/30`` moves the bar, ``progress 12/30 May 12`` says what it
is at; of everything else there the last lines are the reason where it fails. What it prints is the result.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import IO, Literal

from bitgrid.clock import Clock
from bitgrid.web.problems import Refusal

log = logging.getLogger(__name__)

LIMIT_MACHINE_S = 1800.0
GRACE_MACHINE_S = 5.0
MAX_RESULT_BYTES = 1_000_000
KEPT = 8
NICENESS = 19
_LAST_LINES = 20
_PROGRESS = re.compile(r"progress (\d{1,9})/(\d{1,9})(?: (.{1,200}))?$")

State = Literal["running", "done", "failed", "cancelled"]
Start = Callable[[list[str], IO[bytes]], "subprocess.Popen[bytes]"]
"""Starts a command: its stdout goes into the file, its stderr is a pipe."""


@dataclass(frozen=True)
class Job:
    """A piece of work as it is now.

    Args:
        id: names it.
        kind: what it is, for whoever asked; such as ``simulate``.
        actor: who asked.
        began_s: when, UTC epoch seconds of the house.
        state: whether it runs, and how it ended.
        done: how far it is, of ``of``; both 0 until it tells.
        of: see ``done``.
        at: what it is at, in its own words.
        result: what it printed, once it is done.
        problem: why it failed, in its own words.
        about: what the asker wants to find with the result.
    """

    id: str
    kind: str
    actor: str
    began_s: float
    state: State = "running"
    done: int = 0
    of: int = 0
    at: str = ""
    result: str = ""
    problem: str = ""
    about: object = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, however."""
        return self.state != "running"

    @property
    def percent(self) -> int:
        """How far it is, for a bar."""
        return 100 if self.state == "done" else min(100, 100 * self.done // self.of) if self.of else 0


@dataclass
class _Running:
    """A child, and what becomes of it."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))
    is_cancelled: bool = False


class Jobs:
    """The one piece of work that runs, and the last ones that ended.

    Args:
        clock: the house's time.
        start: how a child is started; given by tests.
        limit_machine_s: how long one may take.
    """

    def __init__(self, clock: Clock, start: Start | None = None, limit_machine_s: float = LIMIT_MACHINE_S) -> None:
        self._clock, self._start, self._limit_s = clock, start or _start, limit_machine_s
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running: dict[str, _Running] = {}

    def begin(self, kind: str, arguments: Sequence[str], *, actor: str, about: object = None) -> Job:
        """Start ``bitgrid`` with some arguments.

        Raises:
            Refusal: 409, while another piece of work runs; 503, where none can be started.
        """
        job = Job(uuid.uuid4().hex, kind, actor, self._clock.now(), about=about)
        with self._lock:
            if self._running:
                raise Refusal(
                    409, "work_running", "Other work is still running, so this was not begun. Wait or cancel it."
                )
            self._running[job.id] = running = self._started(arguments)
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        threading.Thread(target=self._see_through, args=(job.id, running), name=f"job-{kind}", daemon=True).start()
        return job

    def look(self, job_id: str) -> Job | None:
        """One of the last pieces of work."""
        with self._lock:
            return self._jobs.get(job_id)

    def newest(self, kind: str) -> Job | None:
        """The last one of a kind."""
        with self._lock:
            return next((job for job in reversed(self._jobs.values()) if job.kind == kind), None)

    def running(self) -> Job | None:
        """The one that runs."""
        with self._lock:
            return next((job for job in self._jobs.values() if not job.is_over), None)

    def cancel(self, job_id: str) -> Job | None:
        """End it; one that is over stays as it is."""
        with self._lock:
            running = self._running.get(job_id)
            if running is not None:
                running.is_cancelled = True
                running.process.terminate()
            return self._jobs.get(job_id)

    def _started(self, arguments: Sequence[str]) -> _Running:
        output = TemporaryFile()  # noqa: SIM115  it is closed when the child has been seen through
        command = ["nice", "-n", str(NICENESS), sys.executable, "-m", "bitgrid", *arguments]
        try:
            return _Running(self._start(command, output), output)
        except OSError as error:
            output.close()
            log.exception("no child could be started")
            raise Refusal(503, "no_child", f"The work could not be begun: {error.strerror}.") from error

    def _see_through(self, job_id: str, running: _Running) -> None:
        """Until the child has ended: by itself, because it was cancelled, or at the time limit."""
        listening = threading.Thread(target=self._listen, args=(job_id, running), daemon=True)
        listening.start()
        limit = ""
        try:
            _wait(running, self._limit_s)
        except subprocess.TimeoutExpired:
            limit = f"it was not done within {self._limit_s / 60:.0f} minutes, so it was ended"
            running.process.kill()
            running.process.wait()
        listening.join(GRACE_MACHINE_S)
        with running.output, self._lock:
            if job_id in self._jobs:
                self._jobs[job_id] = _ended(self._jobs[job_id], running, limit)
            del self._running[job_id]

    def _listen(self, job_id: str, running: _Running) -> None:
        """Take in what the child tells on its stderr, until it closes that."""
        with running.process.stderr or open(os.devnull, "rb") as told:  # noqa: PTH123  an empty stream
            for raw in told:
                line = raw.decode(errors="replace").rstrip()
                progress = _PROGRESS.match(line)
                if progress is None:
                    running.lines.append(line)
                    continue
                done, of, at = int(progress[1]), int(progress[2]), progress[3] or ""
                with self._lock:
                    self._jobs[job_id] = replace(self._jobs[job_id], done=done, of=of, at=at)


def _wait(running: _Running, limit_s: float) -> None:
    """Wait for the child's end; one that was cancelled and does not end is killed.

    Raises:
        TimeoutExpired: it is at its time limit.
    """
    left_s = limit_s
    while True:
        try:
            running.process.wait(min(GRACE_MACHINE_S, left_s))
        except subprocess.TimeoutExpired:
            left_s -= GRACE_MACHINE_S
            if running.is_cancelled:
                running.process.kill()
            elif left_s <= 0:
                raise
        else:
            return


def _ended(job: Job, running: _Running, limit: str) -> Job:
    """A job whose child has ended."""
    code = running.process.returncode
    if running.is_cancelled:
        return replace(job, state="cancelled")
    if limit or code:
        said = "\n".join(running.lines).strip().removeprefix("Error: ")
        return replace(job, state="failed", problem=limit or said or f"it ended with {code} and said nothing")
    running.output.seek(0)
    result = running.output.read(MAX_RESULT_BYTES + 1)
    if len(result) > MAX_RESULT_BYTES:
        return replace(job, state="failed", problem=f"it printed more than {MAX_RESULT_BYTES} bytes")
    return replace(job, state="done", result=result.decode(errors="replace"))


def _start(command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a child; in this process's own group, so that it ends where this process is ended with its group."""
    return subprocess.Popen(  # noqa: S603  our own program, its arguments checked
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, env=dict(os.environ)
    )
