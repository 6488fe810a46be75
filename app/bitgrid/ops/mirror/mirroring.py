"""One mirror, stepped: a copy when one is due, watched until it ends, ended when it takes too long."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from datetime import UTC, datetime
from typing import IO

from bitgrid.clock import Clock
from bitgrid.config import ConfigError
from bitgrid.config.mirror import Mirror
from bitgrid.ops.errors import Refusal
from bitgrid.ops.mirror import borg, state
from bitgrid.ops.mirror.places import Places
from bitgrid.ops.mirror.words import in_words

FIRST_AGAIN_S = 300.0
KILL_AFTER_MACHINE_S = 10.0
WARNING = 1
"""Borg's exit code for a copy that is whole but for a file that changed under its hands."""


class Mirroring:
    """Copies, one at a time.

    Args:
        mirror: where, and what of.
        places: of this house.
        clock: the house's.
    """

    def __init__(self, mirror: Mirror, places: Places, clock: Clock) -> None:
        self._mirror, self._places, self._clock = mirror, places, clock
        self._run: _Run | None = None
        self.state = state.read(places.own)

    @property
    def is_running(self) -> bool:
        """Whether a copy is being made."""
        return self._run is not None

    def step(self) -> None:
        """Begin what is due; see to what runs."""
        if self._run is not None:
            self._watch(self._run)
        elif self._is_due():
            self.begin()

    def begin(self) -> None:
        """Begin a copy now; what keeps it from beginning counts as a failure."""
        if self._run is not None:
            return
        now_s = self._clock.now()
        archive = f"bitgrid-{datetime.fromtimestamp(now_s, UTC):%Y-%m-%dT%H-%M-%S}"
        self.state = self.state.model_copy(update={"last_try_s": now_s})
        try:
            self._run = _Run(self._mirror, self._places, archive, self._clock.boot())
        except (ConfigError, Refusal, OSError) as error:
            self._failed(error.message if isinstance(error, Refusal) else str(error))

    def stop(self) -> None:
        """End what runs; the next start begins anew."""
        if self._run is not None:
            self._run.end(KILL_AFTER_MACHINE_S)
            self._run = None

    def _watch(self, run: _Run) -> None:
        took_s = self._clock.boot() - run.began_boot_s
        limit_s = self._mirror.max_run_min * 60
        if run.code is not None:
            self._run = None
            self._ended(run)
        elif took_s > limit_s + KILL_AFTER_MACHINE_S * self._clock.speed:
            run.process.kill()
        elif took_s > limit_s:
            run.is_late = True
            run.process.terminate()

    def _ended(self, run: _Run) -> None:
        said, code = run.said(), run.process.returncode
        if run.is_late:
            self._failed(f"it took longer than {self._mirror.max_run_min} minutes and was ended")
        elif code not in {0, WARNING}:
            self._failed(in_words(code, said))
        else:
            remark = "some files changed while they were copied" if code == WARNING else ""
            now_s = self._clock.now()
            self._keep(state.State(last_success_s=now_s, archive=run.archive, last_try_s=now_s, remark=remark))

    def _failed(self, why: str) -> None:
        changes = {"failures": self.state.failures + 1, "problem": why}
        self._keep(self.state.model_copy(update=changes))

    def _keep(self, found: state.State) -> None:
        self.state = found
        try:
            state.write(self._places.own, found)
        except OSError as error:
            why = f"what became of it could not be noted down ({error.strerror})"
            self.state = found.model_copy(update={"failures": found.failures + 1, "problem": why})

    def _is_due(self) -> bool:
        tried_s, now_s = self.state.last_try_s, self._clock.now()
        return tried_s is None or not 0 <= now_s - tried_s < self.wait_s

    @property
    def wait_s(self) -> float:
        """Seconds from one attempt to the next: after failures five minutes, then twice as long each time."""
        usual_s = self._mirror.every_h * 3600.0
        if not self.state.failures:
            return usual_s
        return min(usual_s, FIRST_AGAIN_S * 2.0 ** min(self.state.failures - 1, 20))


class _Run:
    """A copy in the making; of one house one at a time.

    Raises:
        ConfigError, Refusal, OSError: it could not be begun.
    """

    def __init__(self, mirror: Mirror, places: Places, archive: str, began_boot_s: float) -> None:
        if mirror.is_remote and not places.known_hosts(mirror).is_file():
            raise Refusal(f"the server's host key is not noted in {places.known_hosts(mirror)}; nothing was sent")
        self.archive, self.began_boot_s, self.is_late = archive, began_boot_s, False
        self._places, self._lock = places, _locked(places)
        self._told: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `said`
        try:
            words = borg.create(mirror, places.sources(mirror), archive)
            self.process: subprocess.Popen[bytes] = borg.start(words, mirror, places, self._told)
        except BaseException:  # an interrupt too: nothing stays open or locked
            self._close()
            raise

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.poll()

    def said(self) -> str:
        """The end of what it printed; to be asked once, when it has ended."""
        text = borg.said(self._told, self._places)
        self._close()
        return text

    def end(self, within_machine_s: float) -> None:
        """Ask it to end, and see that it does."""
        self.process.terminate()
        try:
            self.process.wait(within_machine_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        self._told.close()
        os.close(self._lock)


def _locked(places: Places) -> int:
    places.own.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(places.own / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Refusal("another copy is being made") from None
    return handle
