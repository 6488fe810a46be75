"""A decision with everything it was made from, and why: out of the ledger, or as it was heard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitgrid.explain import LANGUAGES, RecordView, VoteView, read_record
from bitgrid.kernel.counterfactual import counterfactuals
from bitgrid.replay.archive import Library
from bitgrid.replay.errors import ReplayError
from bitgrid.replay.replaying import derive
from bitgrid.store import DecisionRow, Ledger
from bitgrid.store.ledger_window import decision_named
from bitgrid.web.api import decided
from bitgrid.web.api.given import DecisionName
from bitgrid.web.api.recorded import ledger_of
from bitgrid.web.api.telling import told
from bitgrid.web.problems import Refusal

if TYPE_CHECKING:
    from bitgrid.web.app import Web


@dataclass(frozen=True)
class _Found:
    """A decision's record in its parts; ``memory`` and ``seq`` are None while it is not in the ledger."""

    decision: dict[str, Any]
    state: dict[str, Any]
    counterfactuals: list[dict[str, Any]] | None
    memory: dict[str, Any] | None = None
    seq: int | None = None


def explain(web: Web, named: DecisionName) -> decided.ExplainAnswer:
    """A decision with every rule's vote and reason, its state and the load's memory before it.

    What would have changed it (``counterfactuals``) is asked of the kernel, on the recorded state.
    """
    found = _recorded(web, named.id) or _heard(web, named.id)
    if found is None:
        raise Refusal(
            404, "no_such_decision", f"There is no decision {named.id}; GET /api/v1/timeline names them."
        )
    whole = {**found.decision, "state": found.state, "counterfactuals": found.counterfactuals or []}
    view = read_record(whole)
    if view is None:
        raise Refusal(
            422,
            "unreadable_decision",
            f"{named.id} was recorded by a version of BitGrid that this one cannot read.",
        )
    return decided.ExplainAnswer(
        **decided.entry(named.id, view),
        texts={language: told(web.words[language], view) for language in LANGUAGES},
        votes=[_vote(web, vote, view) for vote in view.votes],
        counterfactuals=found.counterfactuals,
        record=found.decision,
        state=found.state,
        memory=found.memory,
        ledger_seq=found.seq,
    )


def _recorded(web: Web, name: str) -> _Found | None:
    """As it stands in the ledger."""
    if web.places is None:
        return None
    with ledger_of(web) as directory:
        row = decision_named(directory, name)
        if row is None:
            return None
        whole = json.loads(row.record)
        others = _counterfactuals(row, whole, directory)
        return _Found(whole["decision"], whole["state"], others, whole["memory"], row.seq)


def _counterfactuals(row: DecisionRow, whole: dict[str, Any], directory: Path) -> list[dict[str, Any]] | None:
    """What would have changed it, which the ledger does not keep; None where it cannot be derived again."""
    ledger = Ledger(directory, read_only=True)
    try:
        decision = derive(row, whole, Library(ledger))
    except (ReplayError, ValueError, KeyError, TypeError, AttributeError):
        return None
    finally:
        ledger.close()
    return [one.record() for one in counterfactuals(decision)]


def _heard(web: Web, name: str) -> _Found | None:
    """As it was heard: it may not be recorded where this page can see it."""
    for one in web.view.snapshot().decisions:
        if one.id == name:
            record = dict(one.record)
            state, others = record.pop("state", {}), record.pop("counterfactuals", None)
            return _Found(record, state, others)
    return None


def _vote(web: Web, vote: VoteView, view: RecordView) -> decided.VoteTold:
    cause = {language: web.words[language].cause(vote, view) for language in LANGUAGES}
    return decided.VoteTold(rule=vote.rule, vote=vote.vote, code=vote.code, cause=cause)
