"""Sentences: a decision's cause and outcome, said from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bitgrid.config import Site
from bitgrid.explain.figures import Figures
from bitgrid.explain.language import LANGUAGES, Language, Texts
from bitgrid.explain.record import RecordView, VoteView, read_record

TEXTS_DIRECTORY = Path(__file__).parent / "texts"


class Explainer:
    """Says decisions in words; the texts are read once, here.

    Args:
        site: for the loads' names and the local time.
    """

    def __init__(self, site: Site) -> None:
        zone = ZoneInfo(site.location.timezone)
        self.texts = Texts(TEXTS_DIRECTORY)
        self.figures = {language: Figures(language, zone) for language in LANGUAGES}
        self._load_ids = [load.id for load in site.loads]

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

    def cause(self, vote: VoteView, view: RecordView, language: Language) -> str:
        """Why one rule voted as it did, as a clause that begins in lower case where the language lets it."""
        return self._cause(vote.code, vote, view, language)

    def reason(self, code: str, language: Language) -> str | None:
        """A code as a clause without figures; None for one that there are no words for."""
        text, missing = self.texts.attempt(language, code, {}, "plain")
        return None if missing else text

    def load_name(self, load: str, language: Language) -> str:
        """A load as people call it: the only one is "the miner", several go by their ids."""
        return self.texts.say(language, "default-load") if self._load_ids == [load] else load

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

    def _values(self, vote: VoteView | None, view: RecordView, language: Language) -> dict[str, str | int]:
        """What the record gives to be said about a vote, written with units, by name."""
        figures = self.figures[language]
        values: dict[str, str | int] = {"load": self.load_name(view.load, language)}
        given = {} if vote is None else {**vote.inputs, **vote.thresholds}
        for name, value in given.items():
            if value is not None:
                values[name.rsplit(".", 1)[-1]] = figures.value(name, value)
        surplus_w = given.get("surplus_w")
        if surplus_w is not None:
            values["surplus_kw"] = figures.watts(surplus_w)
            values["sign"] = "positive" if surplus_w > 0 else "negative"
        if vote is not None and vote == view.binding and view.next_change_at_s is not None:
            values["until"] = figures.time_of_day(view.next_change_at_s)
        lockout_until_s = given.get("lockout_until_s")
        if lockout_until_s is not None:
            values["passed"] = "yes" if view.at_s >= lockout_until_s else "no"
        if view.degraded:
            values["meters"] = ", ".join(self.signal_name(name, language) for name in view.degraded)
        return values
