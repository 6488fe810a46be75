"""A person's wish as a form tells it, and what would come of it, in words, before it is asked of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from bitgrid.config import Config
from bitgrid.replay.consequence import Kind
from bitgrid.web.asking import Asker, Outcome
from bitgrid.web.consequences import said
from bitgrid.web.problems import Refusal
from bitgrid.web.words import Words

if TYPE_CHECKING:
    from bitgrid.web.app import Web

Action = Literal["start", "stop", "level", "end"]
_ACTIONS = frozenset({"start", "stop", "end", "level"})


@dataclass(frozen=True)
class Wish:
    """What a form asks for; ``minutes`` is how long, None where an override is to end."""

    load: str
    action: Action
    level: str | None
    minutes: int | None

    @property
    def told(self) -> str:
        """As the forms tell it: stop, start, end or level:NAME."""
        return f"level:{self.level}" if self.action == "level" else self.action

    @property
    def duration_s(self) -> int | None:
        """How long, s."""
        return None if self.minutes is None else self.minutes * 60


def read(told: Mapping[str, str], config: Config) -> Wish:
    """Read a form: ``load``, ``wish`` (stop, start, end or level:NAME) and ``minutes``.

    Raises:
        Refusal: 400, where it makes no sense.
    """
    action, _, level = told.get("wish", "").partition(":")
    load, limits = told.get("load", ""), config.rules.override
    minutes = told.get("minutes", str(limits.default_min))
    known = any(entry.id == load for entry in config.site.loads)
    fits = minutes.isascii() and minutes.isdigit() and 1 <= int(minutes[:9]) <= limits.max_h * 60
    if not known or not fits or action not in _ACTIONS or bool(level) != (action == "level"):
        raise unreadable()
    lasts_min = None if action == "end" else int(minutes)
    return Wish(load, cast("Action", action), level or None, lasts_min)


def unreadable() -> Refusal:
    """A form that makes no sense."""
    return Refusal(
        400,
        "unreadable_wish",
        "The form could not be read, so nothing was done. Reload the page and try again",
    )


def ask(wish: Wish, asker: Asker, actor: str) -> Outcome:
    """Hand a wish to the rules."""
    return asker.override(wish.load, wish.action, level=wish.level, duration_s=wish.duration_s, actor=actor)


def heading(wish: Wish, words: Words) -> str:
    """The question that is put before it is asked."""
    name = words.load(wish.load)
    level = "" if wish.level is None else words.level(wish.level)
    length = "" if wish.duration_s is None else words.figures.duration(wish.duration_s)
    return words.t(f"wish-{wish.action}", load=name, level=level, time=length)


def consequence(wish: Wish, web: Web, words: Words) -> tuple[str, bool]:
    """What would come of a wish, in words, and whether the rules would grant it now.

    Where nobody can tell (nothing decided yet, the rules silent), that is said, and it may be asked all the same:
    what is granted is for the rules to decide.
    """
    try:
        came = web.hypotheses.consequence(wish.load, wish.action, wish.level, wish.duration_s)
    except Refusal as refusal:
        why = words.either(f"unforeseen-{refusal.code}", refusal.detail)
        return words.t("wish-unforeseen", why=why), True
    return said(came, words, web.clock.now()), came.kind is not Kind.REFUSED
