"""What can be set, called or made is written down; a test fails where it is not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest

from bitgrid.cli import main
from bitgrid.ops.config_docs import FILES, keys_of, render
from bitgrid.ops.device_docs import render as render_devices
from bitgrid.ops.first_boot.reading import read
from bitgrid.ops.first_boot_docs import EXAMPLE
from bitgrid.ops.first_boot_docs import render as render_first_boot
from bitgrid.ops.kpi_docs import render as render_kpis

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
IMAGES = ROOT / "docs" / "images"
DRAWN = {"svg", "title", "desc", "style", "defs", "marker", "g", "rect", "line", "path", "text", "tspan"}
SMALLEST_PX = 14
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands(group: click.Group, prefix: str = "bitgrid") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}"


def make_targets() -> list[str]:
    text = (ROOT / "Makefile").read_text()
    phony = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    internal = {"tools", "dev"}
    return [name for line in phony for name in line.split() if name not in internal]


def test_the_page_of_the_configuration_is_up_to_date() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == render(), "run: make docs"


def test_the_page_of_the_devices_is_up_to_date() -> None:
    page = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
    assert page == render_devices(ROOT / "config" / "devices"), "run: make docs"


def test_the_page_of_the_first_boot_is_up_to_date_and_its_example_is_taken(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "first-boot.md").read_text(encoding="utf-8")
    assert page == render_first_boot(), "run: make docs"
    assert EXAMPLE in page
    assert "`network.gateway`" in page
    (tmp_path / "bitgrid.yaml").write_text(EXAMPLE)
    assert read(tmp_path / "bitgrid.yaml").hostname == "bitgrid"


def test_the_page_of_the_key_figures_is_up_to_date() -> None:
    assert (ROOT / "docs" / "kpi.md").read_text(encoding="utf-8") == render_kpis(), "run: make docs"


@pytest.mark.parametrize("file", FILES)
def test_every_key_says_what_it_means(file: str) -> None:
    assert [key.path for key in keys_of(FILES[file]) if not key.meaning] == []


def test_keys_in_lists_and_sections_are_all_there() -> None:
    paths = {key.path for key in keys_of(FILES["site.yaml"])}
    assert {
        "devices[].host",
        "loads[].relay.auto_off_s",
        "loads[].levels[].power_w",
        "battery.capacity_wh",
    } <= paths
    by_path = {key.path: key for key in keys_of(FILES["bitgrid_rules.yaml"])}
    assert by_path["r3.max_temp_c"].kind == "number ≤ 95.0, > 0"
    assert by_path["r3.max_temp_c"].default == "`85.0`"


@pytest.mark.parametrize("command", sorted(commands(main)))
def test_every_command_is_written_down(command: str) -> None:
    assert f"`{command}" in TEXT


@pytest.mark.parametrize("target", make_targets())
def test_every_task_is_written_down_and_listed_by_make_alone(target: str) -> None:
    assert f"`make {target}" in TEXT or target == "help"
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert re.search(rf"^{target} ", listed, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    places = [(page.parent / path if path else page, anchor) for path, anchor in links]
    assert [anchor for place, anchor in places if anchor not in headings(place)] == []


def pictures() -> dict[Path, list[str]]:
    """Every picture that a page shows, with what is said of it to who cannot see it."""
    shown: dict[Path, list[str]] = {}
    for page in PAGES:
        for means, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            shown.setdefault((page.parent / path).resolve(), []).append(means)
    return shown


def test_every_picture_is_there_and_every_one_that_is_there_is_shown() -> None:
    assert {path.name for path in pictures()} == {path.name for path in IMAGES.iterdir()}
    assert {path.parent for path in pictures()} == {IMAGES}


def test_every_picture_is_told_in_words() -> None:
    assert {path.name for path, told in pictures().items() if not all(len(means) > 10 for means in told)} == set()


@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.svg")), ids=lambda path: path.name)
def test_a_drawing_runs_nothing_asks_nobody_and_can_be_read(path: Path) -> None:
    drawn = path.read_text(encoding="utf-8")
    elements = list(ET.fromstring(drawn).iter())  # noqa: S314  our own
    assert {element.tag.split("}")[1] for element in elements} <= DRAWN
    attributes = [value for element in elements for value in element.attrib.items()]
    styles = [element.text or "" for element in elements if element.tag.endswith("style")]
    assert [name for name, _ in attributes if name.startswith("on") or "href" in name] == []
    assert re.findall(r"@import|url\((?!#)", " ".join([*styles, *(value for _, value in attributes)])) == []
    sizes = [float(size) for size in re.findall(r"font-size[:=]\s*\"?([0-9.]+)", drawn)]
    assert min(sizes) >= SMALLEST_PX
    # Its own ground lies under everything, so that it is the same on a light page and on a dark one.
    ground = next(element for element in elements if element.tag.endswith("rect"))
    assert float(ground.get("width", "0")) >= float(elements[0].get("width", "0")) - 1
    assert ground.get("fill", "none") != "none"
    assert elements[0].get("role") == "img"


@pytest.mark.parametrize("room", ["ansible", "image", "secrets.example", "docs"])
def test_every_room_says_what_it_is_for(room: str) -> None:
    assert (ROOT / room / "README.md").read_text(encoding="utf-8").strip()


def test_the_license_is_the_one_the_package_names() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_the_change_log_has_a_place_for_what_comes() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
