"""A recording cut at many points; each state a cut may leave is laid out, started from, and looked at."""

from __future__ import annotations

import hashlib
import random
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from powercut.disk import Disk, Tree, lay_out
from powercut.oplog import SYNCS, Kind, Op
from powercut.recording import Recording, scratch

_SEEDED = 3
"""States by chance at a cut point, beside the five that are always the same."""
_FAILURES_KEPT = 20
_OF_CONTENT = (*SYNCS, Kind.WRITE, Kind.TRUNCATE, Kind.MAPPED, Kind.TOLD)


@dataclass(frozen=True)
class Told:
    """What the scenario told: until the cut, and in the whole of its run."""

    before: list[dict[str, Any]]
    ever: list[dict[str, Any]]

    def done(self, what: str) -> list[dict[str, Any]]:
        """What was told of one kind until the cut, oldest first."""
        return [told for told in self.before if told["what"] == what]

    def all(self, what: str) -> list[dict[str, Any]]:
        """What was told of one kind, ever."""
        return [told for told in self.ever if told["what"] == what]


Check = Callable[[Path, Told], None]
"""Starts from a directory and asserts that nothing promised is lost."""


@dataclass(frozen=True)
class Failure:
    """A state that was not good: after how many operations, which state, and what was wrong."""

    cut: int
    state: str
    why: str

    def __str__(self) -> str:
        return f"cut after operation {self.cut}, {self.state}: {self.why}"


@dataclass
class Verdict:
    """What came of a recording. ``cuts`` are the points, ``at_syncs`` those of them before or after a sync."""

    scenario: str
    ops: int = 0
    cuts: int = 0
    at_syncs: int = 0
    states: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def __add__(self, other: Verdict) -> Verdict:
        """What came of two parts of one recording."""
        counts = [getattr(self, name) + getattr(other, name) for name in ("cuts", "at_syncs", "states", "failed")]
        return Verdict(self.scenario, self.ops, *counts, [*self.failures, *other.failures])

    def fail(self, failure: Failure) -> None:
        """Note a state that was not good; the first ones are kept."""
        self.failed += 1
        if len(self.failures) < _FAILURES_KEPT:
            self.failures.append(failure)


def cut_points(ops: list[Op], every: int) -> list[int]:
    """Before and after each sync, after each name or mode that is changed, and after every so many operations."""
    syncs = {at for number, op in enumerate(ops) if op.kind in SYNCS for at in (number, number + 1)}
    names = {number + 1 for number, op in enumerate(ops) if op.kind not in _OF_CONTENT}
    return sorted(syncs | names | set(range(0, len(ops) + 1, every)) | {len(ops)})


def judge(  # noqa: PLR0913  each a wish with a plain default
    recording: Recording,
    check: Check,
    *,
    every: int = 1,
    seed: int = 0,
    at_most: int = 0,
    part: tuple[int, int] = (0, 1),
) -> Verdict:
    """Cut a recording and check what is left.

    Args:
        recording: what a scenario did.
        check: raises where something is wrong.
        every: after how many operations to cut, beside the syncs.
        seed: of the states by chance.
        at_most: so many points, taken evenly; 0: all.
        part: the first of two numbers says which part of so many of the points.
    """
    points = cut_points(recording.ops, every)
    if at_most and len(points) > at_most:
        points = [points[len(points) * number // at_most] for number in range(at_most)]
    points = points[part[0] :: part[1]]
    verdict, seen = Verdict(recording.scenario, len(recording.ops)), set[bytes]()
    ever = [op.told for op in recording.ops if op.kind is Kind.TOLD]
    for cut, disk, before in _cuts(recording.ops, points):
        verdict.cuts += 1
        verdict.at_syncs += _is_at_sync(recording.ops, cut)
        for name, tree in states(disk, random.Random(f"{seed}-{cut}")):
            key = _digest(tree, len(before))
            if key not in seen:
                seen.add(key)
                verdict.states += 1
                _look(
                    verdict,
                    (cut, name),
                    partial(lay_out, tree, recorded=recording.root),
                    partial(check, told=Told(before, ever)),
                )
    return verdict


def states(disk: Disk, chance: random.Random) -> Iterator[tuple[str, Tree]]:
    """What a cut here may leave, each with a name for it."""
    yield "all written", disk.running()
    yield "synced only", disk.synced_only()
    yield "names without data", disk.names_without_data()
    yield "data without names", disk.data_without_names()
    yield "as journalled", disk.journalled()
    for number in range(_SEEDED):
        yield f"by chance {number}", disk.by_chance(chance)


def _cuts(ops: list[Op], points: list[int]) -> Iterator[tuple[int, Disk, list[dict[str, Any]]]]:
    disk, before, wanted = Disk(), list[dict[str, Any]](), set(points)
    for number in range(len(ops) + 1):
        if number in wanted:
            yield number, disk, list(before)
        if number < len(ops):
            disk.do(ops[number])
            if ops[number].kind is Kind.TOLD:
                before.append(ops[number].told)


def _is_at_sync(ops: list[Op], cut: int) -> bool:
    return any(op.kind in SYNCS for op in ops[max(0, cut - 1) : cut + 1])


def _digest(tree: Tree, told: int) -> bytes:
    digest = hashlib.blake2b(str(told).encode())
    for path, content in tree.items():
        mode, data = content or (0, b"")
        digest.update(f"{path}\0{mode}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.digest()


def _look(
    verdict: Verdict, where: tuple[int, str], begin: Callable[[Path], None], check: Callable[[Path], None]
) -> None:
    with scratch() as directory:
        root = directory / "root"
        root.mkdir()
        begin(root)
        try:
            check(root)
        except Exception as error:  # noqa: BLE001  whatever the product raises then is a failure to start
            why = "".join(traceback.format_exception(error, limit=-2))
            verdict.fail(Failure(*where, why))
