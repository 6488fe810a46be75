"""The link between edge and gateway, cut and restored: the load is off in time, and back on fresh values alone."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bitgrid.plant.errors import PlantError
from bitgrid.store import Ledger
from ground.networks import missing
from ground.two_hosts.hosts import NOON, SPEED, TwoHosts, pause, two_hosts

pytestmark = [pytest.mark.system, pytest.mark.skipif(bool(missing()), reason=missing())]
LEASE_S, OPENED_S = 45.0, 15.0
"""A lease, and what the guard may take beyond it to stop a miner and open its relay."""
START_S, AGAIN_S = 300.0, 600.0
LOOK_S = 0.1


def waited(hosts: TwoHosts, condition: Callable[[], bool], within_s: float) -> float:
    """Seconds of the house until a condition holds.

    Raises:
        AssertionError: it does not in time.
    """
    begun_s = hosts.now_s()
    while hosts.now_s() - begun_s < within_s:
        with contextlib.suppress(PlantError):
            if condition():
                return hosts.now_s() - begun_s
        pause(LOOK_S)
    logs = "\n".join(f"{path.name}: {path.read_text()[-600:]}" for path in hosts.work.glob("*/*.log"))
    raise AssertionError(f"not within {within_s} s of the house\n{logs}")


def starts(hosts: TwoHosts) -> list[int]:
    """When, in seconds since noon, each start was decided."""
    with contextlib.closing(Ledger(hosts.work / "edge" / "data" / "ledger", read_only=True)) as ledger:
        rows = ledger.decisions(limit=1000)
        return [int(row.at_s - NOON) for row in rows if json.loads(row.record)["decision"]["action"] == "START"]


def test_a_cut_link_puts_the_load_off_in_time_and_a_mended_one_lets_it_start_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with two_hosts(tmp_path) as hosts:
        waited(hosts, lambda: hosts.relay == "closed", START_S)
        waited(hosts, lambda: hosts.plant.status()["loads"]["miner"]["power_w"] > 100, START_S)
        before = starts(hosts)
        assert before, "it was a decision at the edge that started it"
        hosts.link("down")
        off_s = waited(hosts, lambda: hosts.relay == "open", LEASE_S + OPENED_S + 5 * SPEED)
        assert off_s <= LEASE_S + OPENED_S
        # Two blocks on, with the sun still shining on a roof that the edge cannot see.
        pause(130 / SPEED)
        assert hosts.relay == "open"
        assert starts(hosts) == before, "nothing was started on what was known before the cut"
        hosts.link("up")
        back_s = waited(hosts, lambda: hosts.relay == "closed", AGAIN_S)
        assert len(starts(hosts)) > len(before), "by a decision again, on values of now"
    with capsys.disabled():
        sys.stdout.write(f"\n  off {off_s:.0f} s after the cut, on again {back_s:.0f} s after it was mended\n")
