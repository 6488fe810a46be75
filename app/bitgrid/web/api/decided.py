"""What the API answers about decisions: those that were made, those to come, and those that might be."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bitgrid.explain import Language, RecordView
from bitgrid.web.api.models import Answer, EpochS, Record

By = dict[Language, str]
ActionName = Literal["START", "STOP", "THROTTLE", "HOLD"]


class Entry(Answer):
    """A decision in short."""

    id: str = Field(description="For GET explain/{id}.")
    load: str
    at_s: EpochS
    block: int | None
    valid_until_s: EpochS
    trigger: Literal["TICK", "PROTECT", "USER", "EXPIRY", "RESYNC"]
    action: ActionName
    level: str
    power_w: int
    rule: str
    code: str
    surplus_w: int | None
    next_change_at_s: EpochS | None = Field(description="When the earliest hold, lockout or override ends.")


def entry(name: str, view: RecordView) -> dict[str, Any]:
    """The fields of `Entry`, from a decision's record."""
    return {"id": name} | view.model_dump(include=set(Entry.model_fields) - {"id"})


class TimelineEntry(Entry):
    """A decision as a line of the day."""

    soc_pct: float | None
    import_price_ct_kwh: float | None
    sentence: By = Field(description="The decision in one sentence, by language.")


class TimelineAnswer(Answer):
    """Decisions of a stretch of days, oldest first."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    from_s: EpochS
    to_s: EpochS
    timezone: str
    entries: list[TimelineEntry]
    next: int | None = Field(description="What to ask for as ``after`` where there are more; null: that is all.")


class DecisionAnswer(Entry):
    """A decision of the last minutes, whole."""

    texts: dict[Language, dict[str, str]] = Field(
        description="By language and kind: short, warning, alternatives."
    )
    record: Record
    ledger_head: str | None = Field(description="Where the ledger ended with it: number:hash.")


class DecisionsAnswer(Answer):
    """The last decisions heard, newest first."""

    decisions: list[DecisionAnswer]


class VoteTold(Answer):
    """What one rule said, and why."""

    rule: str
    vote: Literal["none", "stop", "forbid_start", "cap", "hold", "level"]
    code: str
    cause: By


class Told(Answer):
    """A decision in words."""

    short: str = Field(description="One sentence, cause first.")
    warning: str = Field(description="What is wrong with the measurements; empty: nothing.")
    remarks: list[str]
    alternatives: list[str] = Field(description="What would have changed it, the nearest first.")


class ExplainAnswer(Entry):
    """A decision with everything it was made from."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    texts: dict[Language, Told]
    votes: list[VoteTold] = Field(description="Every rule's, highest rank first.")
    counterfactuals: list[dict[str, Any]] | None = Field(
        description="For each input the smallest change that changes the action; null: it cannot be derived again."
    )
    record: Record
    state: Record
    memory: Record | None = Field(description="The load's memory before; null: it is not in the ledger yet.")
    ledger_seq: int | None = Field(description="Its number in the ledger; null: it is not there yet.")


class PlannedBlockAnswer(Answer):
    """A block to come, for one load; ``surplus_w`` is what sun, household and the loads before it leave over."""

    block: int
    at_s: EpochS
    surplus_w: int | None
    soc_pct: float | None = Field(description="The battery's charge when the block begins.")
    action: ActionName
    level: str
    power_w: int
    rule: str
    code: str
    sentence: By


class PlanAnswer(Answer):
    """The coming blocks of every load, in order of priority."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    as_of_s: EpochS = Field(description="When the house was seen as it is planned from.")
    is_old: bool = Field(description="Whether that is longer ago than two blocks; then nobody may go by it.")
    loads: dict[str, list[PlannedBlockAnswer]]


class Change(Answer):
    """A signal before and after; null: not known."""

    before: float | None
    after: float | None


class WhatIfAnswer(Answer):
    """A hypothetical decision."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    hypothetical: bool = Field(description="False where nothing was set: then it is the recorded decision itself.")
    load: str
    set: dict[str, Change]
    follows: dict[str, Change] = Field(description="What the meter takes of it.")
    lacks_forecast: bool
    recorded: Record
    decision: Record
    texts: dict[Language, Told]
