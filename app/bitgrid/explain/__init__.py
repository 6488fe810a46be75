"""Explain: one true sentence per decision, in German and English, made from its record and nothing else.

May touch: the text files beside it. It can switch nothing and asks nobody: what the record
does not say is not said.
"""

from bitgrid.explain.figures import Figures
from bitgrid.explain.language import LANGUAGES, Language, Texts
from bitgrid.explain.record import AlternativeView, PathView, RecordView, VoteView, read_record
from bitgrid.explain.sentences import Explainer
from bitgrid.explain.session import Narrator

__all__ = [
    "LANGUAGES",
    "AlternativeView",
    "Explainer",
    "Figures",
    "Language",
    "Narrator",
    "PathView",
    "RecordView",
    "Texts",
    "VoteView",
    "read_record",
]
