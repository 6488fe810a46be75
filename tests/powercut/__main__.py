"""`make powercut`: record every scenario, cut it at every sync, look at every state, write the figures down."""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import multiprocessing
import os
import sys
from functools import partial, reduce
from operator import add
from pathlib import Path

from bitgrid.clock import SystemClock
from powercut.catalogue import SCENARIOS, Scenario
from powercut.judge import Verdict, judge
from powercut.recording import Recording, record

_PAGE = Path(__file__).parents[2] / "docs" / "powercut.md"
_MARK = "<!-- measured -->\n"
_PARTS = 8


def main() -> int:
    """Play; 1 if any state was not good."""
    wishes = _wishes()
    logging.disable(logging.CRITICAL)  # half of what is opened is damaged on purpose
    machine, verdicts = SystemClock(), []
    began_s = machine.boot()
    for scenario in SCENARIOS:
        if wishes.only in scenario.name:
            verdict = _play(scenario, wishes.seed)
            _say(f"{scenario.name}: {verdict.cuts} cut points, {verdict.states} states, {verdict.failed} not good")
            for failure in verdict.failures[:3]:
                _say(str(failure))
            verdicts.append(verdict)
    table = _table(verdicts, (machine.boot() - began_s) / 60, dt.datetime.fromtimestamp(machine.now(), dt.UTC))
    _say(table)
    if not wishes.only:
        _PAGE.write_text(_PAGE.read_text().split(_MARK)[0] + _MARK + table)
    return 1 if any(verdict.failed for verdict in verdicts) else 0


def _play(scenario: Scenario, seed: int) -> Verdict:
    recording = record(scenario.play)
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        parts = pool.imap_unordered(partial(_part, scenario, recording, seed), range(_PARTS))
        total = reduce(add, parts)
    total.scenario = scenario.name
    return total


def _part(scenario: Scenario, recording: Recording, seed: int, number: int) -> Verdict:
    return judge(recording, scenario.check, every=scenario.every, seed=seed, part=(number, _PARTS))


def _table(verdicts: list[Verdict], took_min: float, at: dt.datetime) -> str:
    rows = [
        f"| {one.scenario} | {one.ops} | {one.cuts} | {one.at_syncs} | {one.states} | {one.failed} |"
        for one in verdicts
    ]
    sums = [
        sum(getattr(one, name) for one in verdicts) for name in ("ops", "cuts", "at_syncs", "states", "failed")
    ]
    lines = [
        f"{at:%Y-%m-%d}: {sums[1]} cut points, {sums[2]} of them before or after a sync.",
        f"{sums[3]} different states were started from, {sums[4]} were not good. It took {took_min:.1f} min.",
        "",
        "| Scenario | Operations | Cut points | At a sync | States | Not good |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make powercut", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the states by chance")
    parser.add_argument("--only", default="", help="scenarios with this in their name; writes no figures")
    return parser.parse_args()


_say = partial(print, flush=True)


if __name__ == "__main__":
    sys.exit(main())
