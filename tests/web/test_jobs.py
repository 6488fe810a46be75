"""Long work: one child at a time, watched, cancelled, its result kept. Children here are small real processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import IO

import pytest

from bitgrid.clock import HeldClock
from bitgrid.web.jobs import KEPT, MAX_RESULT_BYTES, Job, Jobs
from bitgrid.web.problems import Refusal

TELLS = """
import sys
print("progress 3/12 Monday", file=sys.stderr, flush=True)
print("a remark", file=sys.stderr, flush=True)
sys.stdin.close()
"""
WAITS = f"{TELLS}\nimport time\ntime.sleep(60)\n"
WAITS_STUBBORNLY = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAITS}"


class Children:
    """Starts what it is told to, whatever was asked for, and keeps the commands."""

    def __init__(self, code: str) -> None:
        self.code, self.commands, self.processes = code, list[list[str]](), list["subprocess.Popen[bytes]"]()

    def __call__(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        self.commands.append(command)
        child = subprocess.Popen(
            [sys.executable, "-c", self.code], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE
        )
        self.processes.append(child)
        return child


def over(jobs: Jobs, job: Job) -> Job:
    """The job when it has ended."""
    threads = [one for one in threading.enumerate() if one.name == f"job-{job.kind}"]
    for thread in threads:
        thread.join(30)
    ended = jobs.look(job.id)
    assert ended is not None
    assert ended.is_over
    return ended


def told(jobs: Jobs, job: Job) -> Job:
    """The job when its child has told its progress."""
    seen = jobs.look(job.id)
    waiting = threading.Event()
    for _ in range(500):
        seen = jobs.look(job.id)
        if seen is not None and seen.of:
            return seen
        waiting.wait(0.02)
    raise AssertionError(seen)


def test_what_a_child_prints_is_kept_with_what_was_asked(clock: HeldClock) -> None:
    children = Children("print('the result')")
    jobs = Jobs(clock, children)
    job = jobs.begin("simulate", ["simulate", "--json"], actor="anna", about={"r1": 1})
    assert (job.state, job.began_s, job.percent) == ("running", clock.now(), 0)
    ended = over(jobs, job)
    assert (ended.state, ended.result.strip(), ended.actor) == ("done", "the result", "anna")
    assert (ended.about, ended.percent) == ({"r1": 1}, 100)
    assert children.commands == [["nice", "-n", "19", sys.executable, "-m", "bitgrid", "simulate", "--json"]]
    assert jobs.newest("simulate") == ended
    assert jobs.running() is None


def test_its_progress_is_seen_while_it_runs_and_nothing_else_begins_meanwhile(clock: HeldClock) -> None:
    jobs = Jobs(clock, Children(WAITS))
    job = jobs.begin("simulate", [], actor="anna")
    seen = told(jobs, job)
    assert (seen.done, seen.of, seen.at, seen.percent) == (3, 12, "Monday", 25)
    assert jobs.running() == seen
    with pytest.raises(Refusal, match="still running") as refused:
        jobs.begin("export", [], actor="bert")
    assert refused.value.status == 409
    jobs.cancel(job.id)
    assert over(jobs, job).state == "cancelled"
    assert jobs.begin("export", [], actor="bert").state == "running"
    jobs.cancel(jobs.running().id)  # type: ignore[union-attr]


def test_a_child_that_does_not_heed_its_cancelling_is_killed(
    clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitgrid.web.jobs.GRACE_MACHINE_S", 0.2)
    children = Children(WAITS_STUBBORNLY)
    jobs = Jobs(clock, children)
    job = jobs.begin("simulate", [], actor="anna")
    told(jobs, job)
    jobs.cancel(job.id)
    assert over(jobs, job).state == "cancelled"
    assert children.processes[0].returncode == -9


def test_a_child_that_takes_too_long_is_ended_and_the_reason_told(clock: HeldClock) -> None:
    jobs = Jobs(clock, Children(WAITS), limit_machine_s=1.0)
    ended = over(jobs, jobs.begin("simulate", [], actor="anna"))
    assert ended.state == "failed"
    assert "not done within" in ended.problem


def test_a_child_that_fails_tells_why_without_its_progress(clock: HeldClock) -> None:
    jobs = Jobs(clock, Children(f"{TELLS}\nprint('Error: no ledger', file=sys.stderr)\nsys.exit(3)"))
    ended = over(jobs, jobs.begin("simulate", [], actor="anna"))
    assert (ended.state, ended.problem) == ("failed", "a remark\nError: no ledger")
    assert ended.percent == 25


def test_a_child_that_dies_in_silence_is_told_by_its_code(clock: HeldClock) -> None:
    jobs = Jobs(clock, Children("import os; os._exit(7)"))
    assert over(jobs, jobs.begin("simulate", [], actor="anna")).problem == "it ended with 7 and said nothing"


def test_a_result_without_end_is_refused(clock: HeldClock) -> None:
    jobs = Jobs(clock, Children(f"print('x' * {MAX_RESULT_BYTES})"))
    ended = over(jobs, jobs.begin("simulate", [], actor="anna"))
    assert (ended.state, ended.result) == ("failed", "")


def test_a_child_that_cannot_be_started_is_told_and_blocks_nothing(clock: HeldClock) -> None:
    def none(_command: list[str], _output: IO[bytes]) -> subprocess.Popen[bytes]:
        raise OSError(12, "Cannot allocate memory")

    jobs = Jobs(clock, none)
    for _ in range(2):
        with pytest.raises(Refusal, match="Cannot allocate memory") as refused:
            jobs.begin("simulate", [], actor="anna")
        assert refused.value.status == 503


def test_only_the_last_results_are_kept(clock: HeldClock) -> None:
    jobs = Jobs(clock, Children("pass"))
    begun = []
    for _ in range(KEPT + 1):
        begun.append(jobs.begin("simulate", [], actor="anna"))
        over(jobs, begun[-1])
    assert jobs.look(begun[0].id) is None
    assert all(jobs.look(job.id) for job in begun[1:])
    assert jobs.cancel(begun[0].id) is None
