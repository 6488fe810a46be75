"""Research bundles over REST: recorded by the rules before anything is read, then made by a child."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bitgrid.bus import ExportRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.web import Asker, HouseView, Places, create_app
from bitgrid.web.jobs import Jobs
from web.talk import Talk

ADDRESS = "/api/v1/research/export"
MAY = {"from": "2025-05-01", "to": "2025-06-01"}
MAY_BEGINS_S, MAY_ENDS_S = 1_746_050_400, 1_748_728_800
BUNDLE = "0f" * 16
WRITES = "import sys; open(sys.argv[1], 'w').write('PK')"


class Child:
    """A child that writes a file where it was told to, in place of a bundle."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        self.commands.append(command)
        out = command[command.index("--out") + 1]
        return subprocess.Popen(
            [sys.executable, "-c", WRITES, out], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE
        )


@pytest.fixture
def child() -> Child:
    return Child()


@pytest.fixture
def app(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, child: Child, tmp_path: Path
) -> Flask:
    places = Places(tmp_path, tmp_path / "config")
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=places)
    app.testing = True
    app.extensions["bitgrid"].jobs = Jobs(clock, child)
    return app


def finish() -> None:
    for thread in threading.enumerate():
        if thread.name == "job-export":
            thread.join(30)


def begin(client: FlaskClient, body: object = MAY) -> dict[str, Any]:
    answer = client.post(ADDRESS, json=body)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    told: dict[str, Any] = answer.get_json()
    return told


def test_a_bundle_is_recorded_made_and_downloaded(client: FlaskClient, talk: Talk, child: Child) -> None:
    talk.answer(code="RECORDED", text=BUNDLE)
    job = begin(client)["job"]
    (request,) = talk.asked
    assert isinstance(request, ExportRequest)
    assert (request.from_s, request.to_s, request.actor) == (MAY_BEGINS_S, MAY_ENDS_S, "api")
    assert request.kinds == ["states", "decisions", "energy_to_value", "events"]
    (command,) = child.commands
    assert command[command.index("--recorded") + 1] == BUNDLE
    finish()
    told = client.get(ADDRESS).get_json()
    assert (told["job"]["id"], told["job"]["state"], told["job"]["percent"]) == (job["id"], "done", 100)
    (bundle,) = told["bundles"]
    assert bundle["name"] == job["file"] == "bitgrid-2025-05-01-2025-05-31-0f0f0f0f.zip"
    with client.get(bundle["url"]) as download:
        assert download.data == b"PK"


def test_what_the_rules_do_not_record_is_not_made(client: FlaskClient, talk: Talk, child: Child) -> None:
    talk.answer(accepted=False, code="RESEARCH_OFF", text="research is switched off in flags.yaml")
    answer = client.post(ADDRESS, json=MAY)
    assert answer.status_code == 409
    assert answer.get_json()["reason"] == "RESEARCH_OFF"
    assert child.commands == []
    assert client.get(ADDRESS).get_json() == {"schema": 1, "job": None, "bundles": []}


def test_no_answer_is_no_record(client: FlaskClient, talk: Talk, child: Child, bus: MemoryBus) -> None:
    talk.listen()
    assert client.post(ADDRESS, json=MAY).status_code == 504
    bus.is_connected = False
    assert client.post(ADDRESS, json=MAY).status_code == 503
    assert child.commands == []


@pytest.mark.parametrize(
    "body",
    [
        {"from": "2025-05-01"},
        {"from": "2025-06-01", "to": "2025-05-01"},
        {"from": "2025-02-30", "to": "2025-05-01"},
        {"from": "2020-01-01", "to": "2025-05-01"},
        {"from": "2025-06-01", "to": "2025-07-01"},
        MAY | {"kinds": []},
        MAY | {"kinds": ["diary"]},
        MAY | {"to_s": 5},
    ],
)
def test_a_bundle_that_cannot_be_is_not_asked_for(client: FlaskClient, talk: Talk, body: object) -> None:
    talk.answer(text=BUNDLE)
    assert client.post(ADDRESS, json=body).status_code == 422
    assert talk.asked == []


def test_ten_an_hour_are_enough(client: FlaskClient, talk: Talk) -> None:
    talk.answer(accepted=False, code="RESEARCH_OFF")
    answers = [client.post(ADDRESS, json=MAY) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [409] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "3600"
    assert "Wait an hour" in answers[-1].get_json()["detail"]
