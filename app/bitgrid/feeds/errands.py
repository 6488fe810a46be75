"""What takes long is done beside the loop, asking servers or learning from a year, and comes back into it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from bitgrid.feeds.web import FetchError

log = logging.getLogger(__name__)
T = TypeVar("T")


class Errands:
    """Each errand has a name; one of a name is out at a time.

    Args:
        executor: where the work is done; a test hands in one that does it at once.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._out: dict[str, tuple[Future[Any], Callable[[Any], None], Callable[[str], None]]] = {}

    def is_out(self, name: str) -> bool:
        """Whether an errand of that name has not come back."""
        return name in self._out

    def send(
        self, name: str, work: Callable[[], T], good: Callable[[T], None], bad: Callable[[str], None]
    ) -> None:
        """Have ``work`` done; in a later `step`, ``good`` gets its result, or ``bad`` the reason in words.

        An errand of that name which is still out is not sent again.
        """
        if name not in self._out:
            self._out[name] = (self._executor.submit(work), good, bad)

    def step(self) -> None:
        """Take in what has come back."""
        for name in [name for name, (future, _good, _bad) in self._out.items() if future.done()]:
            future, good, bad = self._out.pop(name)
            error = future.exception()
            if error is None:
                good(future.result())
            else:
                if not isinstance(error, FetchError):
                    log.error("the errand %s failed", name, exc_info=error)
                bad(str(error) or type(error).__name__)
