"""`bitgrid kpi` and `bitgrid report`: what a person and a program are told, in both languages."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bitgrid.cli import main
from bitgrid.explain.language import LANGUAGES
from bitgrid.replay.kpi.catalogue import CATALOGUE, GROUPS, Unknown
from bitgrid.replay.kpi.words import texts
from replay.kpi.archives import ArchivedHouse

FIRST = 1_747_173_600 // 600  # 2025-05-14T00:00 in Berlin
CONFIG = ("--config", str(Path(__file__).parents[2] / "config"))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two days of May: one with sun, a miner and its worth, one without anything but a decision."""
    house = ArchivedHouse()
    for block in range(FIRST, FIRST + 144):
        house.lived(block, pv_power_w=1200, house_load_w=300, grid_power_w=-300, miner__power_w=600)
        house.explained(house.decided(block, level="eco"), block * 600 + 1.5)
        house.worth(block, 100.0, 100.0, sats=10.0, value_ct=1.0, export_value_ct=0.8, import_price_ct_kwh=30.0)
    house.decided(FIRST + 200, rule="R5", code="R5_MIN_PAUSE")
    return house.write(tmp_path / "archive")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_table_tells_each_figure_its_coverage_and_what_is_not_known(archive: Path) -> None:
    told = run(
        "kpi", "--archive", str(archive), *CONFIG, "--from", "2025-05-14", "--to", "2025-05-16", "--language", "en"
    )
    assert told.exit_code == 0
    assert "From 2025-05-14 to 2025-05-16" in told.output
    assert re.search(r"Solar energy +28.8.kWh  known for 50.%", told.output)
    assert re.search(r"Import without control +–  No block could be lived again", told.output)
    assert re.search(r"Holds by rule +R1.144, R5.1", told.output)


def test_json_has_every_figure_of_the_period_and_of_each_day(archive: Path) -> None:
    told = run("kpi", "--archive", str(archive), *CONFIG, "--from", "2025-05-14", "--to", "2025-05-16", "--json")
    answer = json.loads(told.output)
    assert list(answer["kpis"]) == [kpi.name for kpi in CATALOGUE]
    assert [day["date"] for day in answer["days"]] == ["2025-05-14", "2025-05-15"]
    assert answer["kpis"]["sats"] == {
        "value": 1440.0,
        "unit": "sat",
        "version": 1,
        "coverage": 0.5,
        "unknown": None,
        "why": None,
    }
    assert [day["kpis"]["sats"]["value"] for day in answer["days"]] == [1440.0, None]
    assert answer["kpis"]["import_reduction_kwh"]["why"].startswith("Kein Block ließ sich")


def test_a_page_is_told_figures_in_words_and_blocks_of_up_to_a_week(archive: Path) -> None:
    place = ("--archive", str(archive), *CONFIG)
    told = run("energy", *place, "--from", "2025-05-14", "--to", "2025-05-15", "--language", "de")
    answer = json.loads(told.output)
    figures = {one["kpi"]: one for group in answer["groups"] for one in group["figures"]}
    assert list(figures) == [kpi.name for group in GROUPS for kpi in CATALOGUE if kpi.group == group]
    assert figures["sats"]["text"] == "1.440\u00a0sat"
    assert figures["import_reduction_kwh"]["why"].startswith("Kein Block ließ sich")
    assert (answer["block_s"], answer["blocks"]["pv_w"]) == (600, [1200] * 144)
    long = json.loads(run("energy", *place, "--from", "2025-05-01", "--to", "2025-06-01").output)
    assert long["blocks"] is None
    assert len(long["days"]) == 31
    known = {one["kpi"]: one["known"] for group in long["groups"] for one in group["figures"]}
    assert known["pv_kwh"].startswith("bekannt für")
    assert run("energy", *place, "--from", "2999-01-01", "--to", "2999-01-02").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("kpi", "--from", "2025-05-16", "--to", "2025-05-14"), "is not after --from"),
        (("kpi", "--from", "1900-01-01", "--to", "2025-05-14"), "longer than"),
        (("kpi", "--from", "2999-01-01", "--to", "2999-01-02"), "nothing of the period is over"),
        (("kpi", "--from", "May"), "is no time"),
        (("report", "2025-13", "--out", "x.html"), "2025-13 is no month"),
        (("report", "2999-01", "--out", "x.html"), "nothing of the period is over"),
    ],
)
def test_what_is_no_period_is_refused(archive: Path, arguments: tuple[str, ...], says: str) -> None:
    told = run(*arguments, "--archive", str(archive), *CONFIG)
    assert told.exit_code == 1
    assert says in told.output
    assert not Path("x.html").exists()


def test_a_directory_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    for place in ("--archive", "--data"):
        told = run("kpi", place, str(tmp_path / "nothing"))
        assert (told.exit_code, "Name" in told.output or "name" in told.output) == (1, True)


class Page(HTMLParser):
    """What a browser would fetch or run, and what a person reads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    ("language", "title", "sun"), [("de", "Mai 2025", "Sonnenstrom"), ("en", "May 2025", "Solar energy")]
)
def test_a_months_report_is_one_file_that_asks_nobody_for_anything(
    archive: Path, tmp_path: Path, language: str, title: str, sun: str
) -> None:
    out = tmp_path / "may.html"
    told = run("report", "2025-05", "--archive", str(archive), *CONFIG, "--language", language, "--out", str(out))
    assert told.exit_code == 0, told.output
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert page.fetched == []
    assert "://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert page.tags.count("svg") >= 3
    assert title in page.words
    assert sun in page.words
    assert "1.440" in page.words if language == "de" else "1,440" in page.words
    assert "@page" in text


def test_a_report_says_which_file_it_could_not_trust(archive: Path, tmp_path: Path) -> None:
    path = archive / "states" / "2025-05-14.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    out = tmp_path / "may.html"
    run("report", "2025-05", "--archive", str(archive), *CONFIG, "--out", str(out))
    assert "states/2025-05-14.parquet is not as it was written" in out.read_text(encoding="utf-8")


def test_a_name_cannot_break_the_page(archive: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    for file in Path(CONFIG[1]).glob("*.yaml"):
        (config / file.name).write_text(
            file.read_text(encoding="utf-8").replace("Haus am Sonnenhang", "'<script>alert(1)</script>'"), "utf-8"
        )
    (config / "devices").symlink_to(Path(CONFIG[1]) / "devices")
    out = tmp_path / "may.html"
    told = run("report", "2025-05", "--archive", str(archive), "--config", str(config), "--out", str(out))
    assert told.exit_code == 0, told.output
    assert "script" not in Page(out.read_text(encoding="utf-8")).tags


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_name_and_formula_and_every_gap_a_reason(language: str) -> None:
    spoken = "de" if language == "de" else "en"
    for kpi in CATALOGUE:
        assert texts().knows(spoken, kpi.name)
        formula, complaints = texts().attempt(spoken, kpi.name, {}, "formula")
        assert not complaints
        assert formula.endswith(".")
    for unknown in Unknown:
        assert texts().say(spoken, f"why-{unknown.value}").endswith(".")
    assert all(texts().knows(spoken, f"group-{group}") for group in GROUPS)
    assert texts().keys("de") == texts().keys("en")
