"""What Home Assistant shows, in the owner's language: names of entities, the page's words and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bitgrid.explain import RecordView, Texts
from bitgrid.web.words import Words

TEXTS_DIRECTORY = Path(__file__).parent / "texts"


@dataclass(frozen=True)
class Phrases:
    """Everything that is said to Home Assistant.

    Args:
        words: the page's, in the owner's language.
        texts: this room's own.
    """

    words: Words
    texts: Texts

    @classmethod
    def of(cls, words: Words) -> Phrases:
        """Phrases beside the page's words; the texts are read here."""
        return cls(words, Texts(TEXTS_DIRECTORY))

    def t(self, key: str, /, **values: str | int) -> str:
        """A text of this room."""
        return self.texts.say(self.words.language, key, **values)

    def load(self, load: str) -> str:
        """A load's name."""
        return self.words.load(load)

    def rule(self, rule: str) -> str:
        """A rule by its number and name: ``R2 Autarky``; what is none of the five by its name alone."""
        name = self.words.t(f"rule-{rule}")
        return f"{rule} {name}" if rule.startswith("R") else name

    def sentence(self, view: RecordView) -> str:
        """A decision in one sentence."""
        return self.words.sentence(view)
