"""Words: the page's own texts and figures in one language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bitgrid.bus import CommandReply
from bitgrid.explain import Explainer, Figures, Language, RecordView, Texts, VoteView
from bitgrid.web.house import Cell

TEXTS_DIRECTORY = Path(__file__).parent / "texts"
UNKNOWN = "–"


@dataclass(frozen=True)
class Words:
    """Everything a page says, in one language."""

    language: Language
    texts: Texts
    explainer: Explainer

    @property
    def figures(self) -> Figures:
        """Numbers, units and times in the manner of the language."""
        return self.explainer.figures[self.language]

    def t(self, key: str, /, **values: str | int) -> str:
        """A text of the page."""
        return self.texts.say(self.language, key, **values)

    def either(self, key: str, otherwise: str) -> str:
        """A text of the page, or ``otherwise`` where there is none under the key."""
        return self.t(key) if self.texts.knows(self.language, key) else otherwise

    def sentence(self, view: RecordView) -> str:
        """A decision in one sentence."""
        return self.explainer.sentence(view, self.language)

    def cause(self, vote: VoteView, view: RecordView) -> str:
        """A vote's reason."""
        return self.explainer.cause(vote, view, self.language)

    def alternatives(self, view: RecordView) -> list[str]:
        """What would have changed the decision."""
        return self.explainer.alternatives(view, self.language)

    def warning(self, view: RecordView) -> str:
        """What is wrong with the measurements a decision rests on; empty where nothing is."""
        return self.explainer.warning(view, self.language)

    def remarks(self, view: RecordView) -> list[str]:
        """What stands behind the reason."""
        return self.explainer.remarks(view, self.language)

    def load(self, load: str) -> str:
        """A load's name, as a heading."""
        name = self.explainer.load_name(load, self.language)
        return name if name == load else self.t("load-heading")

    def level(self, level: str) -> str:
        """A level's name."""
        return self.explainer.level_name(level, self.language)

    def reply(self, reply: CommandReply) -> str:
        """What the rules answered: in this language where the code is known, else in their own words."""
        if self.texts.knows(self.language, f"reply-{reply.code}"):
            return self.t(f"reply-{reply.code}")
        return self.explainer.reason(reply.code, self.language) or reply.text

    def power(self, cell: Cell) -> str:
        """A live power at a glance; a dash for one that is not live."""
        return self.figures.watts(abs(cell.value)) if cell.is_live and cell.value is not None else UNKNOWN

    def value(self, name: str, cell: Cell) -> str:
        """A live value with the unit of its name; a dash for one that is not live."""
        return self.figures.value(name, cell.value) if cell.is_live and cell.value is not None else UNKNOWN

    def age(self, cell: Cell) -> str:
        """How old a value is that is not live; empty for a live one."""
        if cell.is_live:
            return ""
        if cell.value is None:
            return self.t("age-never")
        if cell.age_s is None:
            return self.t("age-unknown")
        return self.t("age", age=self.figures.duration(cell.age_s))

    def measured(self, cell: Cell) -> str:
        """How long ago a live value was measured; empty where that is not known."""
        if not cell.is_live or cell.age_s is None:
            return ""
        return self.t("age-live", age=self.figures.duration(cell.age_s))

    def until(self, epoch_s: float, now_s: float) -> str:
        """Until when, with the date where it is not today's."""
        return self.t("until", time=self.figures.moment(epoch_s, now_s))
