"""`bitgrid status`: what runs, and why."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.ops.status import Report, render

STATE: dict[str, Any] = {
    "at_s": 1_718_967_600.0,
    "is_live": True,
    "degraded": [],
    "surplus_w": 2140,
    "signals": {
        "pv_power_w": {"value": 3210.0, "last_value": 3210.0, "is_live": True, "age_s": 2.0},
        "grid_power_w": {"value": None, "last_value": -1900.0, "is_live": False, "age_s": 75.0},
        "battery_soc_pct": {"value": None, "last_value": None, "is_live": False, "age_s": None},
    },
    "loads": {
        "miner": {
            "level": "eco",
            "measured_power_w": 801.4,
            "lease_left_s": 31.2,
            "trip": None,
            "override": None,
            "is_live": True,
        },
        "second": None,
    },
}
HEALTH = {
    "is_connected": True,
    "components": {"rules": {"status": "ok", "reason": ""}, "guard": {"status": "silent", "reason": "for 20 s"}},
}
DECISIONS = {
    "decisions": [
        {"load": "miner", "texts": {"en": {"short": "The newest reason."}}, "ledger_head": "18:abc"},
        {"load": "miner", "texts": {"en": {"short": "An older reason."}}, "ledger_head": "17:def"},
    ]
}


def report(**changes: object) -> Report:
    return Report("http://127.0.0.1:8080/", {**STATE, **changes}, HEALTH, DECISIONS)


def test_the_mirror_is_told_of_where_it_is_on_and_not_where_it_is_off() -> None:
    assert "Mirror" not in render(report())
    on = replace(report(), mirror="last copied 2026-05-01 03:00 UTC")
    assert "\nMirror\n  last copied 2026-05-01 03:00 UTC" in render(on)


def test_it_tells_what_is_live_and_marks_what_is_old() -> None:
    lines = render(report()).splitlines()
    assert "  PV              3210 W" in lines
    assert "  grid            old: -1900 W, 75 s ago" in lines
    assert "  battery charge  missing" in lines
    assert "  surplus         2140 W" in lines
    assert lines[0] == "BitGrid at http://127.0.0.1:8080/ · 2024-06-21 11:00 UTC in the house"


def test_it_tells_why_in_the_words_of_the_newest_decision() -> None:
    text = render(report())
    assert "miner           eco · 801.4 W measured · lease 31 s" in text
    assert "The newest reason." in text
    assert "An older reason." not in text
    assert "second          nothing heard of it yet" in text


def test_it_tells_which_component_is_silent() -> None:
    text = render(report())
    assert "✓ rules         ok" in text
    assert "✗ guard         silent: for 20 s" in text


def test_it_tells_where_the_ledger_ended_at_the_newest_decision() -> None:
    text = render(report())
    assert "head            18:abc\n" in text
    assert "bitgrid ledger verify --head" in text
    assert "17:def" not in text
    assert "Ledger" not in render(Report("x", STATE, HEALTH, {"decisions": []}))


def test_a_state_that_is_not_live_is_said_to_be_so() -> None:
    text = render(report(is_live=False, degraded=["grid_power_w"], surplus_w=None))
    assert "No live state" in text
    assert "Degraded; no good value for: grid_power_w" in text
    assert "surplus         not known" in text


def test_a_trip_and_an_override_are_told() -> None:
    load = {**STATE["loads"]["miner"], "level": "off", "measured_power_w": None, "lease_left_s": 0, "trip": "heat"}
    text = render(report(loads={"miner": {**load, "override": {"action": "stop"}, "is_live": False}}))
    assert "off · power not measured · no lease · stopped by the guard: heat · override · old" in text


def test_a_broker_that_is_away_is_told() -> None:
    text = render(Report("x", STATE, {**HEALTH, "is_connected": False}, {}))
    assert "✗ broker          cannot be reached" in text


def test_a_house_that_just_began_is_no_error() -> None:
    empty = {"at_s": None, "is_live": False, "signals": {}, "loads": {}}
    assert "unknown time" in render(Report("x", empty, {}, {}))


class _Page(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[1]
        body = json.dumps(self.answers[name]).encode() if name in self.answers else b"not found"
        self.send_response(200 if name in self.answers else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_asks_the_house_at_an_address(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Page, "answers", {"state": STATE, "health": HEALTH, "decisions": DECISIONS})
    done = CliRunner().invoke(main, ["status", "--url", page])
    assert done.exit_code == 0
    assert "The newest reason." in done.output


def test_an_address_where_something_else_answers_is_told_so(page: str) -> None:
    done = CliRunner().invoke(main, ["status", "--url", page])
    assert done.exit_code == 1
    assert "answered 404, not as a BitGrid does" in done.output


@pytest.mark.parametrize("url", ["", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:1/", "127.0.0.1:1"])
def test_an_address_that_leads_nowhere_is_an_error_without_a_traceback(url: str) -> None:
    done = CliRunner().invoke(main, ["status", "--url", url])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_where_nothing_runs_it_says_how_to_start(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["status", "--var", str(tmp_path)])
    assert done.exit_code == 1
    assert "nothing runs on this machine. Start the simulated house with: make run" in done.output


def test_prices_and_forecasts_are_told_with_their_source_and_age() -> None:
    price = {"value": 31.25, "last_value": 31.25, "is_live": True, "age_s": 7200.0, "source": "awattar"}
    worth = {"value": None, "last_value": 42.0, "is_live": False, "age_s": 40 * 86_400.0, "source": "node"}
    signals = {**STATE["signals"], "import_price_ct_kwh": price, "miner.sats_per_kwh": worth}
    sun = {"values": [1.0] * 9, "last_values": [1500.0] * 9, "is_live": True, "age_s": 61.0, "source": "learned"}
    lines = render(report(signals=signals, forecasts={"pv_forecast_w": sun})).splitlines()
    assert "  import          31.25 ct/kWh  (awattar, 2 h old)" in lines
    assert "  miner           42 sats/kWh  (node, 40 d old, not decided by)" in lines
    assert "  PV forecast     1500 W now, 9 blocks ahead  (learned, 61 s old)" in lines
    assert "Prices and forecasts" not in render(report())
