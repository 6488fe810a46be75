"""Wishes from Home Assistant: read, counted, handed to the rules, answered. A refused one changes nothing.

Stops are counted apart from all else, so that whoever asks for starts too often takes the stop from nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from bitgrid.bus import Received, decode
from bitgrid.config import Config
from bitgrid.ha.documents import iso
from bitgrid.ha.entities import AUTONOMIES
from bitgrid.ha.phrases import Phrases
from bitgrid.ha.wishes import MAX_WISH_BYTES, AutonomyWish, ExportWish, OverrideWish
from bitgrid.web.answers import answer_text
from bitgrid.web.asking import Asker, Outcome
from bitgrid.web.entry import Limits
from bitgrid.web.problems import Refusal

ACTOR = "home_assistant"
WISHES = (RateLimitItemPerMinute(12), RateLimitItemPerHour(60))
STOPS = (RateLimitItemPerMinute(30),)
EXPORTS = (RateLimitItemPerHour(2), RateLimitItemPerDay(6))
TELLINGS = (RateLimitItemPerMinute(6),)
"""How often a wish that is not even looked at is answered: a flood gets no echo."""
_BUSY = "work_running"


@dataclass(frozen=True)
class Answer:
    """What became of a wish: status (`entities.ANSWERS`), what it was, a sentence in the owner's language."""

    status: str
    wish: str
    text: str
    code: str = ""
    ends_at_s: int | None = None

    def document(self) -> dict[str, Any]:
        """The answer as an event."""
        ends_at = None if self.ends_at_s is None else iso(self.ends_at_s)
        told = {"wish": self.wish, "text": self.text, "code": self.code, "ends_at": ends_at}
        return {"event_type": self.status, **told}


class Bundles(Protocol):
    """Makes research bundles."""

    def begin(self, days: int, actor: str) -> None:
        """Begin one of the last whole days.

        Raises:
            Refusal: it cannot be begun now.
        """


class Commands:
    """Takes wishes, on one thread.

    Args:
        config: the configuration.
        asker: the way to the rules.
        phrases: in which answers are given.
        bundles: makes research bundles; None: nobody here can.
        answer: called with each answer.
    """

    def __init__(
        self,
        config: Config,
        asker: Asker,
        phrases: Phrases,
        bundles: Bundles | None,
        answer: Callable[[Answer], None],
    ) -> None:
        self._config, self._asker, self._phrases = config, asker, phrases
        self._bundles, self._answer, self._limits = bundles, answer, Limits()

    def take(self, received: Received) -> None:
        """A message under ``…/ha/cmd/``. What the broker had kept is a wish of the past, and none."""
        what = received.topic.rsplit("/", 1)[1]
        if received.retained:
            return
        payload = received.payload if len(received.payload) <= MAX_WISH_BYTES else b""
        if what == "override":
            self._override(decode(OverrideWish, payload))
        elif what == "export":
            self._export(decode(ExportWish, payload))
        elif what == "autonomy":
            self._autonomy(decode(AutonomyWish, payload))
        else:
            self._unread("unreadable", what)

    def _override(self, wish: OverrideWish | None) -> None:
        if wish is None:
            self._unread("unreadable", "override")
            return
        is_stop = wish.action == "stop"
        if not self._may("stop" if is_stop else "wish", STOPS if is_stop else WISHES, wish.action):
            return
        duration_s = None if wish.duration_min is None else wish.duration_min * 60
        outcome = self._asker.override(
            wish.load, wish.action, level=wish.level, duration_s=duration_s, actor=ACTOR
        )
        self._tell(outcome, wish.action)

    def _export(self, wish: ExportWish | None) -> None:
        if wish is None:
            self._unread("unreadable", "export")
        elif not self._config.flags.research or self._bundles is None:
            self._unread("research_off", "export")
        elif self._may("export", EXPORTS, "export"):
            try:
                self._bundles.begin(wish.days, ACTOR)
            except Refusal as refusal:
                code = "export_running" if refusal.code == _BUSY else refusal.code
                self._refuse(code, "export", refusal.detail)
            else:
                text = self._phrases.t("answer-export_begun", days=wish.days)
                self._answer(Answer("accepted", "export", text, "export_begun"))

    def _autonomy(self, wish: AutonomyWish | None) -> None:
        asked = None if wish is None else self._meant(wish.autonomy)
        if asked is None:
            self._unread("unreadable", "autonomy")
        elif not self._config.site.home_assistant.autonomy_select:
            self._unread("autonomy_locked", "autonomy")
        elif self._may("wish", WISHES, "autonomy"):
            self._tell(self._asker.autonomy(asked, ACTOR), "autonomy")

    def _meant(self, said: str) -> int | None:
        for number, name in enumerate(AUTONOMIES):
            if said in {name, self._phrases.t(f"autonomy-{name}")}:
                return number
        return None

    def _may(self, what: str, items: tuple[RateLimitItem, ...], wish: str) -> bool:
        """Count one more; one too many is refused, and that is told now and then."""
        try:
            self._limits.take(items, what, ACTOR)
        except Refusal:
            self._unread("too_often", wish)
            return False
        return True

    def _unread(self, code: str, wish: str) -> None:
        """Refuse what nobody was asked for."""
        try:
            self._limits.take(TELLINGS, "telling", ACTOR)
        except Refusal:
            return
        self._refuse(code, wish, code)

    def _refuse(self, code: str, wish: str, otherwise: str) -> None:
        phrases, key = self._phrases, f"answer-{code}"
        text = phrases.t(key) if phrases.texts.knows(phrases.words.language, key) else otherwise
        self._answer(Answer("refused", wish, text, code))

    def _tell(self, outcome: Outcome, wish: str) -> None:
        reply = outcome.reply
        code, ends_at_s = ("", None) if reply is None else (reply.code, reply.ends_at_s)
        self._answer(Answer(outcome.status, wish, answer_text(outcome, self._phrases.words), code, ends_at_s))
