"""The table's rows, decided; and what every rule said of each, as it is kept in votes.jsonl.

`python -m kernel.table`, from the folder of tests, writes votes.jsonl anew: look at the
difference before you keep it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from bitgrid.config import Config, load_config
from bitgrid.control.decide_io import read_case
from bitgrid.kernel import Decision, Policy, Signal, Trigger, canonical_json, decide, decision_record
from kernel.scenarios import SCENARIOS, Row

VOTES = Path(__file__).with_name("votes.jsonl")


@cache
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "config")


def decided(row: Row) -> Decision:
    text: dict[str, Any] = {"signals": row.signals, "memory": row.memory}
    if "override" in row.also:
        text["override"] = {"level": row.also["override"]}
    if "confirmation" in row.also:
        text["confirmation"] = row.also["confirmation"]
    case = read_case(json.dumps(text), config())
    own = {name: Signal(value) for name, value in row.also.get("house", {}).items()}
    rules = dict(row.also.get("rules", {}))
    if "policy" in rules:
        rules["policy"] = Policy(rules["policy"])
    memory = case.memory
    if "lockout_s" in row.also:
        memory = replace(memory, lockout_until_s=case.state.at_s + row.also["lockout_s"])
    return decide(
        replace(case.state, signals={**case.state.signals, **own}),
        memory,
        replace(case.rules, **rules),
        case.load,
        Trigger(row.also.get("trigger", "TICK")),
    )


def said(row: Row) -> str:
    """What every rule said, a line of JSON; the clock, which is no rule, left out."""
    votes = [vote for vote in decision_record(decided(row))["votes"] if vote["rule"] != "CLOCK"]
    told = [{name: value for name, value in vote.items() if value not in (None, {})} for vote in votes]
    return canonical_json({"situation": row.situation, "votes": told})


if __name__ == "__main__":
    VOTES.write_text("".join(f"{said(row)}\n" for row in SCENARIOS), encoding="utf-8")
