"""The plan as a person reads it: blocks that go on alike are one line, with what makes the next one different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bitgrid.kernel import decision_record
from bitgrid.replay.preview import PlannedBlock
from bitgrid.web.words import UNKNOWN, Words


@dataclass(frozen=True)
class Span:
    """Blocks in a row in which the same is decided for the same reason.

    Args:
        when: from when to when.
        surplus: what is expected to be left over, the least and the most.
        charge: of the battery, when it begins.
        kind: ``on`` or ``off``.
        action: what is done, in a word or two.
        rule: which rule decides.
        sentence: why, as at its first block; may be left out.
        blocks: how many.
    """

    when: str
    surplus: str
    charge: str
    kind: str
    action: str
    rule: str
    sentence: str
    blocks: int


def spans(planned: Sequence[PlannedBlock], words: Words, block_s: int, *, each: bool = False) -> list[Span]:
    """The plan in lines; with ``each``, a line a block, without its sentence."""
    if each:
        return [_span([block], words, block_s, "") for block in planned]
    return [_span(group, words, block_s, _reason(group[0], words)) for group in _alike(planned)]


def _alike(planned: Sequence[PlannedBlock]) -> Iterator[list[PlannedBlock]]:
    def key(block: PlannedBlock) -> tuple[str, ...]:
        return block.decision.level, block.decision.rule.value, block.decision.code.value

    for _key, group in groupby(planned, key):
        yield list(group)


def _reason(block: PlannedBlock, words: Words) -> str:
    return words.explainer.explain(decision_record(block.decision), words.language)


def _span(group: Sequence[PlannedBlock], words: Words, block_s: int, sentence: str) -> Span:
    first, figures = group[0], words.figures
    decision = first.decision
    action, level = words.t(f"plan-{decision.action}"), words.level(decision.level)
    begins, ends = (figures.time_of_day(at_s) for at_s in (first.at_s, group[-1].at_s + block_s))
    return Span(
        f"{begins}–{ends}",
        _between([block.surplus_w for block in group], words),
        UNKNOWN if first.soc is None else figures.value("battery_soc_pct", first.soc / 10),
        "off" if decision.level == "off" else "on",
        f"{action}: {level}",
        words.either(f"rule-{decision.rule}", decision.rule.value),
        sentence,
        len(group),
    )


def _between(values: Sequence[int | None], words: Words) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return UNKNOWN
    low, high = (words.figures.watts(value) for value in (min(known), max(known)))
    return low if low == high else words.t("plan-between", low=low, high=high)
