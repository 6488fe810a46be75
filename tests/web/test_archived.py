"""Days that only the archive has: read by a child that may fail, take too long or be asked twice."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.store.archive.keeper import Keeper
from bitgrid.store.archive.retention import Limits
from bitgrid.web.archived import ArchivedDecisions
from bitgrid.web.problems import Refusal
from web.past import get, past
from web.records import DAY, Recorded, record

DAY_S = 86_400
AFTERWARDS = 5


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    """A day that was archived, and then the ledger was begun anew, with the day after."""
    data = tmp_path_factory.mktemp("data")
    old = record(data, shipped, 60)
    clock = HeldClock(wall_s=float(old.rows[0].at_s + 2 * DAY_S))
    Keeper(data, Limits(60, 3650, 0, 0), clock, lambda _place: 10**12).run()
    shutil.rmtree(data / "ledger")
    new = record(data, shipped, AFTERWARDS + 1, old.rows[0].at_s // DAY_S * DAY_S + DAY_S + 14_400)
    return Recorded(data, shipped, [*old.rows, *new.rows])


def test_a_day_that_the_ledger_does_not_have_is_shown_from_the_archive(house: Recorded) -> None:
    app, _clock = past(house, house.config)
    shown = get(app.test_client(), f"/timeline?lang=en&day={DAY}")
    assert shown.status == 200
    assert shown.html.count('data-at="') == len(house.rows) - AFTERWARDS
    assert 'id="day-before"' not in shown.html


class Child:
    """A child that says what it is told to."""

    def __init__(self, says: str = "", code: int = 0) -> None:
        self.says, self.code, self.calls = says, code, 0

    def __call__(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.calls += 1
        return subprocess.CompletedProcess(command, self.code, self.says, "Error: it is damaged")


def span() -> tuple[int, int]:
    begin_s = int(dt.datetime.fromisoformat(f"{DAY}T00:00+00:00").timestamp())
    return begin_s, begin_s + DAY_S


def test_a_day_is_read_once(house: Recorded) -> None:
    row = house.rows[0]
    child = Child(json.dumps(asdict(row)))
    archived = ArchivedDecisions(house.data, child)
    assert archived.rows(*span()) == archived.rows(*span()) == [row]
    assert child.calls == 1
    assert archived.rows(0, DAY_S) == []
    assert child.calls == 1, "of a day that is not there nobody is asked"


@pytest.mark.parametrize("child", [Child(code=1), Child("no json"), Child('{"load": "miner"}')])
def test_what_cannot_be_read_is_said(house: Recorded, child: Child) -> None:
    with pytest.raises(Refusal) as refused:
        ArchivedDecisions(house.data, child).rows(*span())
    assert (refused.value.status, refused.value.code) == (503, "archive_unreadable")


def test_a_child_that_hangs_is_said(house: Recorded) -> None:
    def hang(command: list[str]) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 60)

    with pytest.raises(Refusal):
        ArchivedDecisions(house.data, hang).rows(*span())


def test_a_house_without_an_archive_has_no_archived_days(tmp_path: Path) -> None:
    assert ArchivedDecisions(tmp_path, Child()).days() == {}
