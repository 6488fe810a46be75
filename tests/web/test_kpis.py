"""Key figures over REST: reckoned by a child that may fail, take too long or be asked twice."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.web import Asker, HouseView, create_app
from bitgrid.web.kpis import LIMIT_MACHINE_S, KpiDesk

MAY = "/api/v1/kpi?from=2025-05-01&to=2025-06-01"


class Child:
    """A child process that says what it is told to."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.code, self.says, self.complains = 0, '{"schema": 1}', ""
        self.hangs = False

    def __call__(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        if self.hangs:
            raise subprocess.TimeoutExpired(command, LIMIT_MACHINE_S)
        return subprocess.CompletedProcess(command, self.code, self.says, self.complains)


@pytest.fixture
def child() -> Child:
    return Child()


@pytest.fixture
def asking(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, child: Child, tmp_path: Path
) -> FlaskClient:
    desk = KpiDesk(tmp_path / "data", tmp_path / "config", config.rules.block_s, clock, child)
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, kpis=desk)
    app.testing = True
    return app.test_client()


def test_figures_come_from_a_child_that_is_asked_for_this_house(
    asking: FlaskClient, child: Child, tmp_path: Path
) -> None:
    answer = asking.get(f"{MAY}&lang=en")
    assert (answer.status_code, answer.get_json()) == (200, {"schema": 1})
    (command,) = child.calls
    told = dict(zip(command[-10::2], command[-9::2], strict=True))
    assert told == {
        "--from": "2025-05-01",
        "--to": "2025-06-01",
        "--language": "en",
        "--data": str(tmp_path / "data"),
        "--config": str(tmp_path / "config"),
    }


def test_an_answer_is_kept_until_the_next_block_ends(asking: FlaskClient, child: Child, clock: HeldClock) -> None:
    for _ in range(2):
        asking.get(MAY)
    assert len(child.calls) == 1
    asking.get("/api/v1/kpi?from=2025-05-01&to=2025-05-02")
    assert len(child.calls) == 2
    clock.advance(600)
    asking.get(MAY)
    assert len(child.calls) == 3


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "from: Field required"),
        ("?from=2025-05-01", "to: Field required"),
        ("?from=2025-05-01&to=2025-05-01", "is not after from"),
        ("?from=2025-06-01&to=2025-05-01", "is not after from"),
        ("?from=2025-02-30&to=2025-05-01", "from is no day"),
        ("?from=20250501&to=2025-06-01", "from: String should match"),
        ("?from=2020-01-01&to=2025-05-01", "Ask year by year"),
        ("?from=2025-05-01&to=--config", "to: String should match"),
    ],
)
def test_a_period_that_is_none_is_refused_before_anything_is_started(
    asking: FlaskClient, child: Child, query: str, says: str
) -> None:
    answer = asking.get(f"/api/v1/kpi{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert says in answer.get_json()["detail"]
    assert child.calls == []


def test_what_the_child_complains_of_is_told_and_not_kept(asking: FlaskClient, child: Child) -> None:
    child.code, child.complains = 1, "Error: the archive cannot be read"
    problem = asking.get(MAY)
    assert (problem.status_code, problem.get_json()["type"]) == (503, "urn:bitgrid:problem:not_reckoned")
    assert "the archive cannot be read" in problem.get_json()["detail"]
    child.code = 0
    assert asking.get(MAY).status_code == 200


def test_a_child_that_takes_too_long_is_ended_and_said_so(asking: FlaskClient, child: Child) -> None:
    child.hangs = True
    assert asking.get(MAY).get_json()["type"] == "urn:bitgrid:problem:too_slow"


def test_without_data_there_are_no_figures(client: FlaskClient) -> None:
    assert client.get(MAY).status_code == 503


def test_a_real_child_is_run_at_the_lowest_priority_and_its_refusal_is_told(
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, tmp_path: Path
) -> None:
    desk = KpiDesk(tmp_path / "nothing", Path("config"), config.rules.block_s, clock)
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, kpis=desk)
    detail = json.loads(app.test_client().get(MAY).data)["detail"]
    assert "is no directory" in detail
