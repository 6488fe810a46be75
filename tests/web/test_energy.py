"""The room Energy on a real archive: charts, ways of the energy, tables, CSV and report."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from bitgrid.bus.memory import MemoryBus
from bitgrid.cli import main
from bitgrid.clock import ENVIRONMENT_VARIABLE, HeldClock, simulated
from bitgrid.config import Config
from bitgrid.web import Asker, HouseView, Places, create_app
from bitgrid.web.kpis import KpiDesk
from replay.kpi.archives import ArchivedHouse
from web.talk import REPOSITORY

FIRST = 1_749_938_400 // 600  # 2025-06-15T00:00 in Berlin


class Child:
    """`bitgrid` itself, run in this very process; it may be told to complain."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.complains = ""

    def __call__(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.calls.append(command[3:])
        if self.complains:
            return subprocess.CompletedProcess(command, 1, "", self.complains)
        told = CliRunner().invoke(main, command[3:])
        return subprocess.CompletedProcess(command, told.exit_code, told.stdout, told.stderr)


@pytest.fixture
def child() -> Child:
    return Child()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day in June with sun, a miner, a battery and prices."""
    house, place = ArchivedHouse(), tmp_path_factory.mktemp("data")
    for block in range(FIRST, FIRST + 144):
        house.lived(
            block, pv_power_w=3000, house_load_w=300, grid_power_w=-600, battery_power_w=500,
            battery_soc_pct=50.0, miner__power_w=1600, export_price_ct_kwh=8.0,
        )  # fmt: skip
        house.decided(block, level="eco")
        house.worth(
            block, 266.7, 266.7, sats=12.0, value_ct=3.0, export_value_ct=2.1, import_price_ct_kwh=30.0,
            path="hodl" if block % 2 else "export",
        )  # fmt: skip
    house.write(place / "archive")
    return place


@pytest.fixture
def asking(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, child: Child, data: Path
) -> FlaskClient:
    desk = KpiDesk(data, REPOSITORY / "config", config.rules.block_s, clock, child)
    places = Places(data, REPOSITORY / "config")
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock, kpis=desk, places=places)
    app.testing = True
    return app.test_client()


def told(client: FlaskClient, query: str) -> str:
    response = client.get(f"/energy/told?{query}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def charts(page: str) -> list[dict[str, Any]]:
    return [json.loads(html.unescape(found)) for found in re.findall(r'data-chart="([^"]*)"', page)]


def test_the_page_is_there_before_its_figures_and_says_where_they_come_from(
    asking: FlaskClient, child: Child
) -> None:
    page = asking.get("/energy?span=day&at=2025-06-15&lang=en").get_data(as_text=True)
    assert "Sunday, 15 June 2025" in page
    assert child.calls == []
    assert 'hx-get="/energy/told?span=day&amp;at=2025-06-15&amp;lang=en"' in page
    assert "whole=1" in page, "a browser without JavaScript has a link"
    told(asking, "span=day&at=2025-06-15&lang=en")
    again = asking.get("/energy?span=day&at=2025-06-15&lang=en").get_data(as_text=True)
    assert "data-chart" in again, "what is known already is there at once"
    assert len(child.calls) == 1


def test_without_javascript_the_link_brings_the_whole(asking: FlaskClient) -> None:
    page = asking.get("/energy?span=day&at=2025-06-15&lang=de&whole=1").get_data(as_text=True)
    assert "Wege der Energie" in page
    assert "hx-trigger" not in page


def test_a_day_is_drawn_by_its_blocks_and_stands_in_a_table_by_hours(asking: FlaskClient) -> None:
    page = told(asking, "span=day&at=2025-06-15&lang=en")
    (chart,) = charts(page)
    assert (chart["kind"], chart["zone"], len(chart["x"])) == ("lines", "Europe/Berlin", 144)
    assert [(one["unit"], one["values"][0]) for one in chart["series"]] == [
        ("W", 3000), ("W", 300), ("W", 1600), ("W", -600), ("W", 500), ("%", 50),
    ]  # fmt: skip
    assert page.count('<tr><th scope="row">15.06. ') == 24
    assert "−600\u00a0W" in page


def test_a_month_is_drawn_by_its_days_and_a_year_by_its_months(asking: FlaskClient) -> None:
    use, sats = charts(told(asking, "span=month&at=2025-06-15&lang=en"))
    assert (use["kind"], use["labels"][0], len(use["labels"])) == ("bars", "1", 30)
    assert use["series"][0]["values"][14] == pytest.approx(7.2)
    assert use["series"][0]["values"][13] is None, "what is not known is no bar, and no 0"
    assert sats["series"][0]["values"][14] == 144 * 12
    use, sats = charts(told(asking, "span=year&at=2025-06-15&lang=en"))
    assert use["labels"] == [str(month) for month in range(1, 13)]
    assert sats["series"][0]["values"][5] == 144 * 12
    assert sats["series"][0]["values"][4] is None


def test_ways_of_the_energy_tell_hours_energy_sats_and_euros(asking: FlaskClient) -> None:
    page = told(asking, "span=day&at=2025-06-15&lang=de")
    rows = re.findall(r'<tr><th scope="row">(Schürfen|Einspeisen|Speichern|Heizen)</th>(.*?)</tr>', page)
    cells = {name: [html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for name, row in rows}
    assert cells == {  # of the first block no feed-in price is known
        "Schürfen": ["12\u00a0h", "38,4\u00a0kWh", "1.728\u00a0sat", "4,32\u00a0€"],
        "Einspeisen": ["12\u00a0h", "14,4\u00a0kWh", "–", "1,14\u00a0€"],
        "Speichern": ["0\u00a0h", "12\u00a0kWh", "–", "–"],
    }  # fmt: skip


def test_a_span_without_records_has_no_chart_and_says_so(asking: FlaskClient) -> None:
    page = told(asking, "span=month&at=2025-04-15&lang=en")
    assert charts(page) == []
    assert "Nothing is recorded of this period" in page
    assert "No block tells what the sun gave" in page or "No block" in page


@pytest.mark.parametrize("query", ["span=moon", "at=2025-02-30", "at=2025-06-17", "span=day&at=x", "at="])
def test_what_is_no_day_is_said_and_today_is_shown(asking: FlaskClient, query: str) -> None:
    response = asking.get(f"/energy?{query}&lang=en")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "There is no such day in this house" in page
    assert "16 June 2025" in page


def test_a_period_of_which_no_block_is_over_is_not_even_asked_for(
    asking: FlaskClient, child: Child, clock: HeldClock
) -> None:
    clock.advance(12 * 3600 - 130 + 60)  # one minute after midnight
    page = asking.get("/energy?lang=en").get_data(as_text=True)
    assert "17 June 2025" in page
    assert "No block of this period is over yet" in page
    assert child.calls == []
    assert asking.get("/energy/csv?lang=en").status_code == 404


def test_what_the_child_complains_of_is_said_in_the_page(asking: FlaskClient, child: Child) -> None:
    child.complains = "Error: the archive cannot be read"
    page = told(asking, "span=day&at=2025-06-15&lang=de")
    assert "Die Zahlen ließen sich nicht ausrechnen" in page
    assert 'lang="en">The figures could not be reckoned: the archive cannot be read' in page


def test_a_period_that_is_not_over_says_up_to_when_it_is_told(
    asking: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning_s = float(FIRST * 600 + 6 * 3600 + 60)
    clock = dataclasses.replace(simulated(1, morning_s), wall_origin_s=morning_s)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, clock.to_environment())
    page = told(asking, "span=day&at=2025-06-15&lang=en")
    assert "Reckoned until 2025-06-15 06:00" in page
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    assert "Reckoned until" not in told(asking, "span=week&at=2025-06-15&lang=en")


def test_a_page_without_a_house_says_so(client: FlaskClient) -> None:
    page = client.get("/energy?lang=en").get_data(as_text=True)
    assert "without a house's data" in html.unescape(page)
    assert client.get("/energy/csv").status_code == 503
    assert client.get("/energy/report").status_code == 503


def test_a_day_as_csv_has_a_row_a_block_in_the_house_s_own_time(asking: FlaskClient) -> None:
    response = asking.get("/energy/csv?span=day&at=2025-06-15")
    assert response.headers["Content-Disposition"] == 'attachment; filename="bitgrid-energy-2025-06-15.csv"'
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))
    assert len(rows) == 144
    assert rows[0] == {
        "begins_at": "2025-06-15T00:00:00+02:00", "pv_w": "3000.0", "house_w": "300.0", "loads_w": "1600.0",
        "grid_w": "-600.0", "battery_w": "500.0", "soc_pct": "50.0",
    }  # fmt: skip


def test_a_month_as_csv_has_a_row_a_day_with_every_figure(asking: FlaskClient) -> None:
    text = asking.get("/energy/csv?span=month&at=2025-06-15").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["date"] for row in rows] == [f"2025-06-{day:02}" for day in range(1, 31)]
    assert (rows[14]["sats"], rows[13]["sats"]) == ("1728.0", "")
    assert {"autarky_pct", "export_income_eur", "mined_value_eur"} <= set(rows[0])
    assert not {"holds_by_rule", "blocks_by_path"} & set(rows[0])


def test_a_report_is_made_of_the_month_the_span_begins_in(asking: FlaskClient, child: Child) -> None:
    response = asking.get("/energy/report?span=day&at=2025-06-15&lang=en")
    assert response.headers["Content-Disposition"] == 'attachment; filename="bitgrid-report-2025-06.html"'
    assert "Monthly report" in response.get_data(as_text=True)
    assert child.calls[0][:2] == ["report", "2025-06"]
    assert not Path(child.calls[0][3]).exists(), "nothing stays behind"


def test_nothing_inline_is_in_the_room(asking: FlaskClient) -> None:
    page = asking.get("/energy?span=day&at=2025-06-15&whole=1").get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son\w+=|javascript:", page)


def test_the_other_language_tells_of_the_same_span(asking: FlaskClient) -> None:
    page = asking.get("/energy?span=week&at=2025-06-15&lang=en&asked=x").get_data(as_text=True)
    assert 'href="/energy?span=week&amp;at=2025-06-15&amp;lang=de"' in page
    page = asking.get("/energy?lang=de&at=%22%3E%3Ci%3E").get_data(as_text=True)
    assert "<i>" not in page
