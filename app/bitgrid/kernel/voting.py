"""A vote: what a rule demands, and everything it looked at to demand it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bitgrid.kernel.codes import Code, Rule, Vote


class Evidence(NamedTuple):
    """What a rule has looked at so far: inputs and thresholds, kernel integers by name."""

    inputs: dict[str, int | None]
    thresholds: dict[str, int]


class VoteRecord(NamedTuple):
    """One rule's vote.

    Args:
        rule: whose.
        rank: 1 is broken by nothing; see RULES.
        vote: what it demands.
        code: why.
        level: the level of a LEVEL vote.
        inputs: what it looked at, kernel integers by signal name.
        thresholds: what it compared with, kernel integers.
        margin: distance of ``margin_input`` from flipping this vote, in that input's unit; negative: beyond it.
        margin_input: which input the margin is of.
    """

    rule: Rule
    rank: int
    vote: Vote
    code: Code
    level: str | None = None
    inputs: Mapping[str, int | None] = {}
    thresholds: Mapping[str, int] = {}
    margin: int | None = None
    margin_input: str | None = None
