"""What the PV forecast remembers over a restart: the home's blocks, and what was learned of them."""

from __future__ import annotations

import logging
from array import array
from typing import TypeVar

from pydantic import ValidationError

from bitgrid.feeds.pv.record import Record, record_of
from bitgrid.feeds.pv.sky import Learned
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import FeedsStore

log = logging.getLogger(__name__)
L = TypeVar("L", bound=Learned)
NOTHING = Record(0, array("d"))


class Memory:
    """Of one store; a store that fails costs what it would have told, and is named in `problem`.

    Args:
        store: of the feeds.
        block_s: length of a block, s.
    """

    def __init__(self, store: FeedsStore, block_s: int) -> None:
        self._store, self._block_s = store, block_s
        self.problem = ""

    def record(self, before: int, length_s: int) -> Record:
        """The blocks of the last ``length_s`` before block ``before``; whatever the store holds, nothing later."""
        end_s = before * self._block_s
        try:
            found = record_of(self._store.means(end_s - length_s, end_s), self._block_s)
        except StoreError as error:
            self._failed(error)
            return NOTHING
        self.problem = ""
        return found

    def knows(self, block: int) -> bool:
        """Whether a block's means have arrived."""
        begins_s = block * self._block_s
        try:
            return any(True for _ in self._store.means(begins_s, begins_s + self._block_s))
        except StoreError as error:
            self._failed(error)
            return False

    def load(self, name: str, form: type[L]) -> L | None:
        """What was kept under a name; None where nothing was, or what was is of another form."""
        try:
            kept = self._store.kept(name)
        except StoreError as error:
            self._failed(error)
            return None
        if kept is None:
            return None
        try:
            return form.model_validate_json(kept.text)
        except ValidationError:
            log.warning("what was kept as %s has another form; it is learned anew", name)
            return None

    def keep(self, name: str, at_s: float, learned: Learned) -> None:
        """Keep it over a restart."""
        try:
            self._store.keep(name, at_s, learned.model_dump_json())
        except StoreError as error:
            self._failed(error)

    def _failed(self, error: StoreError) -> None:
        self.problem = f"the PV forecast goes on without its memory: {error}"
