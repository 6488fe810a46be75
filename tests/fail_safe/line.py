"""What a line of the fail-safe is: what it says, the tests that hold it, and how it can be taken away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Without:
    """The line's code gone: in ``file`` (below app/bitgrid) ``old``, which stands there once, becomes ``new``.

    Where two layers hold a bound, nothing shows before both are gone: ``also`` goes at the same time.
    """

    file: str
    old: str
    new: str
    also: Without | None = None


@dataclass(frozen=True)
class Line:
    """A promise.

    Args:
        part: where it belongs: the lease, the five layers, what else holds, the bounds.
        says: the promise, in words.
        tests: each ``file::name`` below tests/; one of them fails when the line is taken away.
        withouts: every way in which it is taken away, one at a time.
        elsewhere: why nothing here takes it away.
    """

    part: str
    says: str
    tests: tuple[str, ...]
    withouts: tuple[Without, ...] = ()
    elsewhere: str = ""
