"""Sentences: a decision's cause and outcome, said from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bitgrid.config import Site
from bitgrid.explain import remarks
from bitgrid.explain.alternatives import NEAREST, condition, nearest
from bitgrid.explain.figures import Figures
from bitgrid.explain.language import LANGUAGES, Language, Texts
from bitgrid.explain.record import AlternativeView, RecordView, VoteView, read_record
from bitgrid.explain.values import Said, values_of

TEXTS_DIRECTORY = Path(__file__).parent / "texts"


class Explainer:
    """Says decisions in words; the texts are read once, here.

    Args:
        site: for the names of loads and devices, and the local time.
    """

    def __init__(self, site: Site) -> None:
        zone = ZoneInfo(site.location.timezone)
        self.texts = Texts(TEXTS_DIRECTORY)
        self.figures = {language: Figures(language, zone) for language in LANGUAGES}
        self._site = site
        self._only_miner = site.loads[0].id if len(site.loads) == 1 and site.loads[0].miner else ""

    def explain(self, record: dict[str, Any], language: Language) -> str:
        """One sentence, cause first; a record that cannot be read is said to be so."""
        view = read_record(record)
        return self.texts.say(language, "unreadable") + "." if view is None else self.sentence(view, language)

    def sentence(self, view: RecordView, language: Language) -> str:
        """One sentence on a record that has been read."""
        hold = ("-ON" if view.is_on else "-OFF") if view.action == "HOLD" else ""
        outcome = self.texts.say(
            language,
            f"outcome-{view.action}{hold}",
            load=self.load_name(view.load, language),
            level=self.level_name(view.level, language),
            power=self.figures[language].value("power_w", view.power_w),
        )
        return self.texts.say(language, "sentence", cause=self._cause_of_decision(view, language), outcome=outcome)

    def texts_of(self, view: RecordView, language: Language) -> dict[str, str]:
        """Everything said of a decision, by kind: ``short`` always, ``warning`` and ``alternatives`` if any."""
        said = {
            "short": self.sentence(view, language),
            "warning": self.warning(view, language),
            "alternatives": " ".join(self.alternatives(view, language)),
        }
        return {kind: text for kind, text in said.items() if text}

    def cause(self, vote: VoteView, view: RecordView, language: Language) -> str:
        """Why one rule voted as it did, as a clause that begins in lower case where the language lets it."""
        return self._cause(vote.code, vote, view, language)

    def alternatives(self, view: RecordView, language: Language, count: int = NEAREST) -> list[str]:
        """What would have changed the action: the nearest of the record's counterfactuals, a sentence each."""
        return [self._alternative(one, view, language) for one in nearest(view.counterfactuals, count)]

    def warning(self, view: RecordView, language: Language) -> str:
        """That meter and inverter contradict each other; empty where they do not."""
        return remarks.balance(view, self._site, self.texts, self.figures[language])

    def remarks(self, view: RecordView, language: Language) -> list[str]:
        """What stands behind the reason: a policy that stands in for the chosen one, the worths of the paths."""
        figures = self.figures[language]
        said = (remarks.policy(view, self.texts, figures), remarks.paths(view, self.texts, figures))
        return [text for text in said if text]

    def reason(self, code: str, language: Language) -> str | None:
        """A code as a clause without figures; None for one that there are no words for."""
        text, missing = self.texts.attempt(language, code, {}, "plain")
        return None if missing else text

    def load_name(self, load: str, language: Language) -> str:
        """A load as people call it: the only one, if a miner, is "the miner"; any other goes by its id."""
        return self.texts.say(language, "default-load") if load == self._only_miner else load

    def level_name(self, level: str, language: Language) -> str:
        """A level as people call it."""
        key = f"level-{level}"
        if self.texts.knows(language, key):
            return self.texts.say(language, key)
        return self.texts.say(language, "level-other", level=level)

    def signal_name(self, name: str, language: Language) -> str:
        """A measurement as people call it."""
        key = f"signal-{name}"
        return self.texts.say(language, key) if self.texts.knows(language, key) else name

    def _alternative(self, one: AlternativeView, view: RecordView, language: Language) -> str:
        load, hold = self.load_name(view.load, language), ""
        if one.action == "HOLD":
            hold = "-OFF" if one.level == "off" else "-ON"
        outcome = self.texts.say(
            language, f"would-{one.action}{hold}", load=load, level=self.level_name(one.level, language)
        )
        clause = condition(one, self.texts, self.figures[language], load)
        return self.texts.say(language, "alternative", outcome=outcome, condition=clause)

    def _cause_of_decision(self, view: RecordView, language: Language) -> str:
        vote = view.binding
        if vote is not None and vote.rule == "R1" and vote.level not in {None, view.level}:
            next_tick = self.figures[language].time_of_day(view.valid_until_s)
            return self.texts.say(language, "waiting", next_tick=next_tick)
        return self._cause(view.code, vote, view, language)

    def _cause(self, code: str, vote: VoteView | None, view: RecordView, language: Language) -> str:
        if not self.texts.knows(language, code):
            rule = view.rule if vote is None else vote.rule
            return self.texts.say(language, "unknown-code", rule=rule, code=code)
        values = self._values(vote, view, language)
        text, missing = self.texts.attempt(language, code, values)
        return self.texts.attempt(language, code, values, "plain")[0] if missing else text

    def _values(self, vote: VoteView | None, view: RecordView, language: Language) -> Said:
        """What the record gives to be said about a vote, by name."""
        values = values_of(vote, view, self.figures[language])
        values["load"] = self.load_name(view.load, language)
        if vote is not None and vote.level is not None:
            values["wish_level"] = self.level_name(vote.level, language)
        if view.degraded:
            values["meters"] = ", ".join(self.signal_name(name, language) for name in view.degraded)
        return values
