"""Hypotheses: what would be decided next, under other values, and after a wish. The real kernel answers, at once.

Reads the ledger and nothing else; nothing is switched, recorded or sent. What was read is kept until a decision or
a forecast comes that is newer, so that a slider that moves costs a decision and not a ledger.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bitgrid.clock import Clock
from bitgrid.kernel import OFF
from bitgrid.replay.archive import Library
from bitgrid.replay.consequence import Consequence, Wish, consequence
from bitgrid.replay.errors import BadQuestion, NothingThere, ReplayError
from bitgrid.replay.preview import PlannedBlock
from bitgrid.replay.standing import Standing, newest_rows, standing
from bitgrid.replay.whatif import WhatIf, last_recorded, what_if
from bitgrid.store import Ledger, StoreError
from bitgrid.web.problems import Refusal

log = logging.getLogger(__name__)

HOURS = 24
_HOUR_S = 3600
_OLD_BLOCKS = 2
Action = Literal["start", "stop", "level", "end"]


@dataclass(frozen=True)
class Plan:
    """The coming blocks of every load.

    Args:
        as_of_s: when the house was seen as it is planned from, UTC epoch seconds.
        is_old: whether that is longer ago than two blocks: then the rules are silent, and nobody may go by it.
        loads: the blocks by load, in order of priority; one block alone where nothing is forecast.
    """

    as_of_s: int
    is_old: bool
    loads: Mapping[str, list[PlannedBlock]]


class Hypotheses:
    """Answers from the newest records.

    Args:
        data: data directory of the house; None: there is none, and every answer is a refusal.
        clock: the house's time.
    """

    def __init__(self, data: Path | None, clock: Clock) -> None:
        self._ledger = None if data is None else data / "ledger"
        self._clock, self._lock = clock, threading.Lock()
        self._known: tuple[tuple[object, ...], Standing] | None = None
        self._unchanged: dict[str, tuple[Standing, WhatIf]] = {}
        self._planned: tuple[Standing, int, dict[str, list[PlannedBlock]]] | None = None

    def preview(self) -> Plan:
        """What the next block would decide, as things stand.

        Raises:
            Refusal: 503, where nothing can be said.
        """
        return self._plan(1)

    def plan(self, hours: int = HOURS) -> Plan:
        """The coming hours by the forecasts.

        Raises:
            Refusal: 503, where nothing can be said.
        """
        return self._plan(hours * _HOUR_S // self.standing().book.rules.block_s)

    def whatif(self, load: str, changed: Mapping[str, float]) -> WhatIf:
        """The last decision on a load once more, with other values, by signal name and in its unit.

        Raises:
            Refusal: 422, where a name or value cannot be; 503, where nothing can be said.
        """
        stands, kept = self._of(load), self._unchanged.get(load)
        if not changed and kept is not None and kept[0] is stands:
            return kept[1]
        with self._reading() as ledger:
            found = what_if(last_recorded(ledger, load), changed, load, stands.book.config)
        if not changed:
            self._unchanged[load] = stands, found
        return found

    def consequence(
        self, load: str, action: Action, level: str | None = None, duration_s: int | None = None
    ) -> Consequence:
        """What would come of a wish, before it is asked of the rules.

        Args:
            load: which.
            action: as in an override: ``start`` (without a level: the lowest), ``stop``, ``level``, or ``end`` of
                the override in force.
            level: the level asked for.
            duration_s: how long; None: as long as the rules have it by default.

        Raises:
            Refusal: 422, where the wish cannot be; 503, where nothing can be said.
        """
        stands, now_s = self._of(load), int(self._clock.now())
        if self._is_old(stands):
            raise Refusal(503, "rules_silent", "The last decision is too old to say what would come of it.")
        return consequence(stands, _wish(stands, load, action, level, duration_s, now_s), now_s)

    def standing(self) -> Standing:
        """Where the house stands.

        Raises:
            Refusal: 503, where nobody can tell.
        """
        with self._lock, self._reading() as ledger:
            library = Library(ledger)
            book, rows = newest_rows(ledger, library)
            key = (*(row.seq for row in rows.values()), ledger.newest_forecast())
            if self._known is None or self._known[0] != key:
                self._known = key, standing(ledger, library, book, rows)
            return self._known[1]

    def _plan(self, blocks: int) -> Plan:
        stands = self.standing()
        kept = self._planned
        if kept is None or kept[0] is not stands or kept[1] != blocks:
            kept = self._planned = stands, blocks, stands.plan(blocks)
        return Plan(stands.at_s, self._is_old(stands), kept[2])

    def _is_old(self, stands: Standing) -> bool:
        return self._clock.now() - stands.at_s > _OLD_BLOCKS * stands.book.rules.block_s

    def _of(self, load: str) -> Standing:
        stands = self.standing()
        if load not in stands.book.loads:
            known = ", ".join(stands.book.loads)
            raise Refusal(422, "unknown_load", f"There is no load {load}; there is {known}.")
        if load not in stands.memories:
            raise Refusal(503, "nothing_decided", f"Nothing is decided on {load} yet. Ask again in some minutes.")
        return stands

    @contextmanager
    def _reading(self) -> Iterator[Ledger]:
        """The ledger, and what goes wrong with it as a refusal."""
        if self._ledger is None or not self._ledger.is_dir():
            raise Refusal(
                503, "nothing_decided", "Nothing is decided here yet, so there is nothing to go on from."
            )
        ledger = Ledger(self._ledger, read_only=True)
        try:
            yield ledger
        except BadQuestion as error:
            raise Refusal(422, "bad_value", _sentence(error)) from None
        except NothingThere as error:
            raise Refusal(503, "nothing_decided", _sentence(error)) from None
        except (ReplayError, StoreError, KeyError, TypeError, ValueError) as error:
            log.warning("the newest records cannot be read: %s", error)
            raise Refusal(503, "not_readable", f"The newest records cannot be read: {error}.") from error
        finally:
            ledger.close()


def _wish(  # noqa: PLR0913, PLR0917  the parts of a wish
    stands: Standing, load: str, action: Action, level: str | None, duration_s: int | None, now_s: int
) -> Wish:
    """A wish as the rules would read it.

    Raises:
        Refusal: 422.
    """
    levels, limits = stands.book.loads[load].levels, stands.book.config.rules.override
    if action == "end":
        if stands.memories[load].override_at(now_s) is None:
            raise Refusal(422, "no_override", "Nothing is in force that was asked by hand.")
        return Wish(load, stands.memories[load].level, None)
    lowest = levels[0].name if action == "start" else None
    asked = OFF if action == "stop" else level or lowest
    if asked != OFF and all(known.name != asked for known in levels):
        raise Refusal(
            422, "unknown_level", f"{load} has no such level; it has {', '.join(k.name for k in levels)}."
        )
    lasts_s = limits.default_min * 60 if duration_s is None else duration_s
    if not 0 < lasts_s <= limits.max_h * 3600:
        raise Refusal(422, "too_long", f"A wish lasts from a second to {limits.max_h} hours.")
    return Wish(load, str(asked), now_s + lasts_s)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
