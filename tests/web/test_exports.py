"""Research bundles from the page: switched, recorded first, made by a child, handed out, removed."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bitgrid.bus import CommandReply, ConfigureRequest, ExportRequest, Message, Received, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, Flags
from bitgrid.config.files import load_file
from bitgrid.web import Asker, HouseView, Places, create_app
from bitgrid.web.jobs import Jobs
from web.talk import REPOSITORY, Talk
from web.test_jobs import WAITS, Children, over, told

HERE = {"Origin": "http://localhost"}
BUNDLE_ID = "ab" * 16
NAME = "bitgrid-2025-05-01-2025-05-31-abababab.zip"
WISH: dict[str, str | list[str]] = {"kind": ["decisions", "events"], "first": "2025-05-01", "last": "2025-05-31"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration in which research is on."""
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    flags = tmp_path / "config" / "flags.yaml"
    flags.write_text(f"{flags.read_text()}\nresearch: true  # for the university\n")
    return tmp_path / "config"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def app(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, data: Path, directory: Path
) -> Flask:
    made = create_app(config, view, Asker(config.site.site, bus, clock), clock, places=Places(data, directory))
    made.testing = True
    return made


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.get("/system")
    return client


@pytest.fixture
def children(app: Flask, clock: HeldClock) -> Iterator[Children]:
    """What would be started; each child here waits until it is ended."""
    started = Children(WAITS)
    app.extensions["bitgrid"].jobs = Jobs(clock, started)
    yield started
    for child in started.processes:
        child.kill()
        child.wait()


@pytest.fixture
def asked(bus: MemoryBus, talk: Talk) -> list[Message]:
    """What `rules` hears; it grants everything."""
    heard: list[Message] = []

    def export(received: Received) -> None:
        request = decode(ExportRequest, received.payload)
        assert request is not None
        heard.append(request)
        _reply(request.request_id, BUNDLE_ID)

    def configure(received: Received) -> None:
        request = decode(ConfigureRequest, received.payload)
        assert request is not None
        heard.append(request)
        _reply(request.request_id, "c0ffee")

    def _reply(request_id: str, text: str) -> None:
        reply = CommandReply(request_id=request_id, accepted=True, code="DONE", text=text)
        bus.publish(talk.topics.reply, reply)

    bus.subscribe(talk.topics.export, export)
    bus.subscribe(talk.topics.configure, configure)
    return heard


def post(client: FlaskClient, path: str, **form: str | list[str]) -> TestResponse:
    return client.post(f"/system/export{path}?lang=en", data=form, headers=HERE)


def test_a_bundle_is_recorded_first_and_then_made_by_a_child_that_names_the_record(  # noqa: PLR0913, PLR0917  fixtures
    visitor: FlaskClient, children: Children, asked: list[Message], data: Path, directory: Path, app: Flask
) -> None:
    assert post(visitor, "", **WISH).status_code == 303
    (request,) = asked
    assert isinstance(request, ExportRequest)
    assert (request.kinds, request.actor) == (["decisions", "events"], "web")
    assert (request.from_s, request.to_s) == (1_746_050_400, 1_748_728_800), "May, as the house's clock has it"
    (command,) = children.commands
    arguments = command[command.index("research") :]
    assert arguments[:2] == ["research", "export"]
    assert dict(zip(arguments[2::2], arguments[3::2], strict=True)) == {
        "--from": "2025-05-01", "--to": "2025-06-01", "--kinds": "decisions,events", "--recorded": BUNDLE_ID,
        "--out": str(data / "exports" / NAME), "--data": str(data), "--config": str(directory),
    }  # fmt: skip
    jobs = app.extensions["bitgrid"].jobs
    told(jobs, jobs.newest("export"))
    page = visitor.get("/system?lang=en").get_data(as_text=True)
    assert "The bundle is being made: 3 of 12 days." in page
    assert 'value="25"' in page
    job = re.search(r'name="job" value="([0-9a-f]+)"', page)
    assert job is not None
    assert post(visitor, "/cancel", job=job[1]).status_code == 303
    assert over(jobs, jobs.newest("export")).state == "cancelled"
    assert "Cancelled; nothing was made." in visitor.get("/fragments/system?lang=en").get_data(as_text=True)


def test_one_at_a_time_and_the_second_is_not_even_recorded(
    visitor: FlaskClient, children: Children, asked: list[Message]
) -> None:
    post(visitor, "", **WISH)
    second = post(visitor, "", **WISH)
    assert second.status_code == 409
    assert "Other work is still running" in second.get_data(as_text=True)
    assert (len(asked), len(children.commands)) == (1, 1)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": []}, "Nothing is ticked"),
        ({"kind": ["passwords"]}, "Nothing is ticked"),
        ({"first": ""}, "The last day is before the first"),
        ({"first": "2025-06-01"}, "The last day is before the first"),
        ({"last": "2025-06-17"}, "The last day is before the first"),
        ({"first": "0001-01-01"}, "The last day is before the first"),
        ({"last": "--out=/etc"}, "The last day is before the first"),
    ],
)
def test_what_is_no_wish_is_said_and_nobody_is_asked(
    visitor: FlaskClient, children: Children, asked: list[Message], changed: dict[str, str | list[str]], says: str
) -> None:
    response = post(visitor, "", **{**WISH, **changed})
    text = response.get_data(as_text=True)
    assert response.status_code == 422
    assert says in text
    assert 'value="2025-05-' in text, "the other day stays as it was written"
    assert (asked, children.commands) == ([], [])


def test_what_the_rules_refuse_is_not_made(
    visitor: FlaskClient, children: Children, bus: MemoryBus, talk: Talk
) -> None:
    def refuse(received: Received) -> None:
        request = decode(ExportRequest, received.payload)
        assert request is not None
        text = "research is switched off in flags.yaml"
        reply = CommandReply(request_id=request.request_id, accepted=False, code="NEVER_HEARD_OF", text=text)
        bus.publish(talk.topics.reply, reply)

    bus.subscribe(talk.topics.export, refuse)
    response = post(visitor, "", **WISH)
    assert response.status_code == 409
    assert "Refused: research is switched off in flags.yaml" in response.get_data(as_text=True)
    bus.is_connected = False
    assert "Not sent" in post(visitor, "", **WISH).get_data(as_text=True)
    assert children.commands == []


def test_a_bundle_is_handed_out_whole_and_removed(visitor: FlaskClient, data: Path) -> None:
    (data / "exports").mkdir()
    (data / "exports" / NAME).write_bytes(b"PK" * 1000)
    (data / "exports" / "notes.txt").write_text("no bundle")
    page = visitor.get("/system?lang=en").get_data(as_text=True)
    assert NAME in page
    assert "notes.txt" not in page
    with visitor.get(f"/system/export/file?name={NAME}") as response:
        assert (response.status_code, response.data) == (200, b"PK" * 1000)
        assert NAME in response.headers["Content-Disposition"]
        assert response.headers["Cache-Control"] == "no-store"
    assert post(visitor, "/remove", name=NAME).status_code == 303
    assert visitor.get(f"/system/export/file?name={NAME}").status_code == 404


@pytest.mark.parametrize("name", ["../../config/flags.yaml", "notes.txt", "", f"../exports/{NAME}", "/etc/passwd"])
def test_nothing_but_a_bundle_is_handed_out_or_removed(visitor: FlaskClient, data: Path, name: str) -> None:
    (data / "exports").mkdir()
    (data / "exports" / "notes.txt").write_text("no bundle")
    (data / "exports" / NAME).write_bytes(b"PK")
    assert visitor.get("/system/export/file", query_string={"name": name}).status_code == 404
    assert post(visitor, "/remove", name=name).status_code == 404
    assert (data / "exports" / "notes.txt").exists()
    assert (data / "exports" / NAME).exists()


def test_research_is_switched_by_asking_for_the_whole_file(
    visitor: FlaskClient, asked: list[Message], directory: Path, tmp_path: Path
) -> None:
    raw = (directory / "flags.yaml").read_bytes()
    response = post(visitor, "/research", on="no")
    assert response.status_code == 303
    (request,) = asked
    assert isinstance(request, ConfigureRequest)
    assert (request.file, request.before) == ("flags.yaml", hashlib.sha256(raw).hexdigest())
    assert "# for the university" in request.text, "remarks stay"
    (tmp_path / "flags.yaml").write_text(request.text)
    before, after = load_file(directory / "flags.yaml", Flags), load_file(tmp_path / "flags.yaml", Flags)
    assert before.model_copy(update={"research": False}) == after
    assert (directory / "flags.yaml").read_bytes() == raw, "the page itself writes nothing"
    page = visitor.get(response.headers["Location"].split("#")[0]).get_data(as_text=True)
    assert 'class="answer accepted"' in page


def test_a_switch_that_cannot_be_read_is_left_alone(
    visitor: FlaskClient, asked: list[Message], directory: Path
) -> None:
    (directory / "flags.yaml").write_text("research: [")
    assert "flags.yaml cannot be read just now" in visitor.get("/system?lang=en").get_data(as_text=True)
    response = post(visitor, "/research", on="yes")
    assert response.status_code == 503
    assert asked == []


def test_while_research_is_off_there_is_no_form(visitor: FlaskClient, directory: Path) -> None:
    assert 'name="first"' in visitor.get("/system").get_data(as_text=True)
    flags = directory / "flags.yaml"
    flags.write_text(flags.read_text().replace("research: true", "research: false"))
    page = visitor.get("/system").get_data(as_text=True)
    assert 'name="first"' not in page
    assert "Forschung einschalten" in page


@pytest.mark.parametrize("path", ["", "/cancel", "/remove", "/research"])
def test_another_site_asks_for_nothing(visitor: FlaskClient, asked: list[Message], path: str) -> None:
    evil = {"Origin": "http://evil.example"}
    assert visitor.post(f"/system/export{path}", data=WISH, headers=evil).status_code == 403
    assert asked == []
