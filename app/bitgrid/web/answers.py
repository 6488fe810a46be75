"""Answers: what became of a person's wish, in a sentence."""

from __future__ import annotations

from bitgrid.web.asking import Outcome
from bitgrid.web.words import Words


def answer_text(outcome: Outcome, words: Words) -> str:
    """What became of a request."""
    reply = outcome.reply
    if reply is None:
        return words.t(f"answer-{outcome.status}")
    if reply.accepted and reply.ends_at_s is not None:
        return words.t("answer-accepted-until", time=words.figures.time_of_day(reply.ends_at_s))
    return words.t(f"answer-{outcome.status}", text=words.reply(reply))
