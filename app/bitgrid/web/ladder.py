"""The rule ladder: every vote of a decision from R3 down to R1, read off its record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bitgrid.explain import RecordView, VoteView
from bitgrid.web.words import UNKNOWN, Words

_WORTH_MARGIN = "value_margin_ct_kwh"
_NOT_LIMITS = frozenset({_WORTH_MARGIN, "spill_hysteresis_wh"})


@dataclass(frozen=True)
class Rung:
    """One vote.

    Args:
        rule: whose, e.g. ``R2``.
        name: what the rule is about.
        mark: ``yes`` (lets it run), ``no`` (objects), ``keeps`` (holds or caps), ``open`` (has nothing to say).
        says: what the vote demands, for those who cannot see the mark.
        text: its reason.
        facts: value, threshold and margin; empty where the vote rests on none.
        is_binding: whether the decision is this vote's.
    """

    rule: str
    name: str
    mark: str
    says: str
    text: str
    facts: str
    is_binding: bool


def rungs(view: RecordView, words: Words) -> list[Rung]:
    """The votes by rank, the highest first."""
    return [_rung(vote, view, words) for vote in sorted(view.votes, key=lambda vote: vote.rank)]


def _rung(vote: VoteView, view: RecordView, words: Words) -> Rung:
    mark = _mark(vote)
    return Rung(
        rule=words.either(f"rule-{vote.rule}-short", vote.rule),
        name=words.either(f"rule-{vote.rule}", vote.rule),
        mark=mark,
        says=_says(vote, mark, words),
        text=words.cause(vote, view),
        facts=_facts(vote, words),
        is_binding=vote == view.binding,
    )


def _says(vote: VoteView, mark: str, words: Words) -> str:
    if vote.vote == "cap" and vote.level is not None:
        return words.t("mark-cap", level=words.level(vote.level))
    return words.t(f"mark-{mark}")


def _mark(vote: VoteView) -> str:
    if vote.vote in {"hold", "cap"}:
        return "keeps"
    if vote.vote in {"stop", "forbid_start"} or (vote.vote == "level" and vote.level == "off"):
        return "no"
    has_looked = vote.level is not None or any(value is not None for value in vote.inputs.values())
    return "yes" if has_looked else "open"


def _facts(vote: VoteView, words: Words) -> str:
    """The input that the margin is of, what it was compared with, and how far it is from flipping."""
    name = vote.margin_input
    value = None if name is None else vote.inputs.get(name)
    if name is None or value is None or vote.margin is None:
        return ""
    figures = words.figures
    threshold = _threshold(vote, name)
    limit = UNKNOWN if threshold is None else figures.value(*threshold)
    margin = figures.value(name, abs(vote.margin))
    key = "facts-beyond" if vote.margin < 0 else "facts"
    return words.t(key, value=figures.value(name, value), limit=limit, margin=margin)


def _threshold(vote: VoteView, name: str) -> tuple[str, float] | None:
    """What the margin was measured from: the threshold, or the other worth, that lies that far from the input."""
    value, margin = vote.inputs.get(name), vote.margin
    if value is None or margin is None:
        return None
    for known, limit in _limits(vote, name):
        if abs(abs(value - limit) - abs(margin)) < 0.01:  # noqa: PLR2004  float noise of a hundredth
            return known, limit
    return None


def _limits(vote: VoteView, name: str) -> Iterator[tuple[str, float]]:
    """Everything an input may have been compared with; of two worths, one must exceed the other by a margin."""
    for threshold, limit in vote.thresholds.items():
        if limit is not None and threshold not in _NOT_LIMITS:
            yield threshold, limit
    margin = vote.thresholds.get(_WORTH_MARGIN) or 0
    for other, worth in vote.inputs.items():
        if worth is not None and other != name and other.endswith("_ct_kwh"):
            yield from ((other, worth + margin), (other, worth - margin))
