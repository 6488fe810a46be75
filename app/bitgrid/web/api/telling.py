"""A decision in words, as the API tells it."""

from __future__ import annotations

from bitgrid.explain import RecordView
from bitgrid.web.api import decided
from bitgrid.web.words import Words


def told(words: Words, view: RecordView) -> decided.Told:
    """Everything that is said of a decision in one language."""
    return decided.Told(
        short=words.sentence(view),
        warning=words.warning(view),
        remarks=words.remarks(view),
        alternatives=words.alternatives(view),
    )
