"""What a page weighs on its way to a tablet: packed by gzip, and scripts and styles once a version only."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bitgrid.web.rooms.showing import ROOMS
from web.lived import STATES

WEB = Path(__file__).parents[2] / "app" / "bitgrid" / "web"
MOST_FOR_LOOKS_B, MOST_IN_ALL_B = 60_000, 100_000
LINKED = re.compile(r'<(?:script|link)\b[^>]*?\b(?:src|href)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Of a house that has lived: every room has something to show."""
    lived = STATES["running"](tmp_path_factory.mktemp("lived"))
    yield lived.site.app.test_client()
    lived.site.die()


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def fetched(client: FlaskClient, path: str) -> bytes:
    with client.get(path) as file:
        assert file.status_code == 200, path
        return file.get_data()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_light(client: FlaskClient, room: str) -> None:
    page = client.get(f"{ROOMS[room]}?lang=de")
    assert page.status_code == 200
    html = page.get_data()
    files = {path: packed(fetched(client, path)) for path in LINKED.findall(html.decode())}
    assert len(files) > 2
    looks = {path: size for path, size in files.items() if path.split("?")[0].endswith((".css", ".js"))}
    assert sum(looks.values()) < MOST_FOR_LOOKS_B, looks
    assert packed(html) + sum(files.values()) < MOST_IN_ALL_B, (packed(html), files)


@pytest.mark.parametrize("room", ROOMS)
def test_scripts_and_styles_are_fetched_once_a_version(client: FlaskClient, room: str) -> None:
    for path in LINKED.findall(client.get(ROOMS[room]).get_data(as_text=True)):
        assert re.search(r"\?v=[0-9a-f]{10}$", path), path
        with client.get(path) as file:
            assert "max-age=31536000" in file.headers["Cache-Control"]


def test_the_library_of_charts_is_loaded_only_where_there_is_a_chart(client: FlaskClient) -> None:
    for room, path in ROOMS.items():
        html = client.get(path).get_data(as_text=True).lower()
        assert ("uplot" in html) <= (room == "energy"), room


@pytest.mark.parametrize("path", sorted((WEB / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_every_word_of_a_template_comes_from_the_texts(path: Path) -> None:
    """What stands in a template itself would be in one language for everybody."""
    html = re.sub(r"\{% block kind %\}.*?\{% endblock %\}", "", path.read_text(encoding="utf-8"))
    html = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", html, flags=re.DOTALL)
    said = re.findall(r'\b(?:title|alt|placeholder|aria-label|aria-description|value)="([^"]*)"', html)
    visible = re.sub(r"<(script|style)\b.*?</\1>|<(?:[^>\"]|\"[^\"]*\")*>|&\w+;", " ", html, flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-zÄÖÜäöüß]{2,}", visible))
    words |= {word for text in said for word in re.findall(r"[A-Za-zÄÖÜäöüß]{2,} [A-Za-zÄÖÜäöüß]{2,}", text)}
    assert words <= {"BitGrid", "CSV", "Deutsch", "English", "JSON", "MB", "PDF", "SHA", "SoC", "kWh"}
