"""A decision with everything it was made from, and why: as heard, or out of the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bitgrid.explain import LANGUAGES, RecordView, VoteView, read_record
from bitgrid.store import DecisionRow
from bitgrid.store.ledger_window import decision_named
from bitgrid.web.api import models
from bitgrid.web.api.given import DecisionName
from bitgrid.web.api.recorded import ledger_of
from bitgrid.web.api.telling import told
from bitgrid.web.house import Decided
from bitgrid.web.problems import Refusal

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def explain(web: Web, named: DecisionName) -> models.ExplainAnswer:
    """A decision with every rule's vote and reason, its state and the load's memory before it.

    What would have changed it is told for the last twenty decisions.
    """
    heard = next((decided for decided in web.view.snapshot().decisions if decided.id == named.id), None)
    row = None
    if web.places is not None:
        with ledger_of(web) as directory:
            row = decision_named(directory, named.id)
    if row is None and heard is None:
        raise Refusal(
            404,
            "no_such_decision",
            f"There is no decision {named.id}; GET /api/v1/timeline names them.",
        )
    return _explained(web, named.id, row, heard)


def _explained(web: Web, name: str, row: DecisionRow | None, heard: Decided | None) -> models.ExplainAnswer:
    whole = {"decision": {}, "state": {}, "memory": None} if row is None else json.loads(row.record)
    record = whole["decision"] if heard is None else heard.record
    view = read_record({"state": whole["state"], **record})
    if view is None:
        raise Refusal(
            422, "unreadable_decision", f"{name} was recorded by a version of BitGrid that this one cannot read."
        )
    shown = {key: value for key, value in record.items() if key != "state"}
    return models.ExplainAnswer(
        **models.entry(name, view),
        texts={language: told(web.words[language], view) for language in LANGUAGES},
        votes=[_vote(web, vote, view) for vote in view.votes],
        record=shown,
        state=record.get("state", whole["state"]),
        memory=whole["memory"],
        ledger_seq=None if row is None else row.seq,
    )


def _vote(web: Web, vote: VoteView, view: RecordView) -> models.VoteTold:
    cause = {language: web.words[language].cause(vote, view) for language in LANGUAGES}
    return models.VoteTold(rule=vote.rule, vote=vote.vote, code=vote.code, cause=cause)
