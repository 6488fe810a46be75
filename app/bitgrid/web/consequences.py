"""What would come of a wish, in a sentence: said before the wish is confirmed."""

from __future__ import annotations

from bitgrid.explain import read_record
from bitgrid.kernel import decision_record
from bitgrid.replay.consequence import Consequence, Kind
from bitgrid.web.words import Words


def said(answer: Consequence, words: Words, now_s: float) -> str:
    """What would come of it: whether it is refused, what takes it back and when, or what follows its end.

    Args:
        answer: the kernel's.
        words: in which language.
        now_s: UTC epoch seconds.
    """
    view = read_record(decision_record(answer.decision))
    sentence = "" if view is None else words.sentence(view)
    figures, ends_at_s = words.figures, answer.wish.ends_at_s
    if answer.kind is Kind.ENDS and ends_at_s is None:
        return words.t("consequence-end", then=sentence)
    return words.t(
        f"consequence-{answer.kind}",
        rule=words.either(f"rule-{answer.decision.rule}", answer.decision.rule),
        then=sentence,
        at=figures.moment(answer.at_s, now_s),
        left=figures.duration(answer.at_s - now_s),
        until=figures.moment(ends_at_s or answer.at_s, now_s),
    )
