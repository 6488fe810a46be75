"""The kiosk: what its browser may and is given, who goes first when memory runs out, and who has the screen."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pytest
import yaml

from bitgrid.config import load_config
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.prepare import names_of
from bitgrid.web.entry import WALLS
from ground.host.root import wanted_packages
from ground.rules import ROOT

ROLES = ROOT / "ansible" / "roles"
ROLE = ROLES / "kiosk"
FACTS = {"ansible_managed": "made for a test", "bitgrid_site": {"language": "en"}, "bitgrid_kiosk_blank_s": 300}
ENDS_AS = 7
"""How the browser of the next test ends."""
SAYS = """#!/bin/sh
echo "${0##*/} $*" >>"$SAID"
"""


def rendered(name: str, **facts: Any) -> str:
    world = jinja2.Environment(  # noqa: S701  no page
        loader=jinja2.FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    world.filters["regex_replace"] = lambda text, pattern, to: re.sub(pattern, to, text)
    return world.get_template(name).render(FACTS | facts)


def policies(pem: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered("policies.json.j2", kiosk_pem=pem))
    return found


def unit(name: str, role: str = "kiosk") -> list[str]:
    return (ROLES / role / "files" / f"bitgrid-{name}.service").read_text().splitlines()


def settings() -> dict[str, str]:
    lines = [line for line in rendered("kiosk.env.j2").splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_browser_opens_its_own_page_and_nothing_else() -> None:
    told = policies()
    assert told["URLBlocklist"] == ["*"]
    (allowed,) = told["URLAllowlist"]
    url = settings()["BITGRID_KIOSK_URL"]
    assert url.startswith(f"{allowed}/?kiosk=")
    assert url.partition("?kiosk=")[2] in WALLS


def test_the_certificate_is_for_the_address_the_browser_asks_for() -> None:
    named = names_of(load_config(ROOT / "config"), [])
    assert urlsplit(settings()["BITGRID_KIOSK_URL"]).hostname in named


def test_the_browser_trusts_the_appliances_own_authority(tmp_path: Path) -> None:
    Authority(tmp_path, "bitgrid").make()
    pem = (tmp_path / "ca.crt").read_text()
    (told,) = policies(pem)["CACertificates"]
    der = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "ca.crt", "-outform", "DER"], capture_output=True, check=True
    ).stdout
    assert base64.b64decode(told, validate=True) == der
    assert policies()["CACertificates"] == [], "before the first start there is none"


def test_nothing_is_kept_told_or_fetched_that_nobody_asked_for() -> None:
    told = policies()
    off = [
        "PasswordManagerEnabled",
        "MetricsReportingEnabled",
        "ComponentUpdatesEnabled",
        "RemoteDebuggingAllowed",
    ]
    assert [name for name in off if told[name] is not False] == []
    assert (told["SyncDisabled"], told["DownloadRestrictions"], told["DeveloperToolsAvailability"]) == (True, 3, 2)
    assert told["ExtensionInstallBlocklist"] == ["*"]


def score(lines: list[str]) -> int:
    return int(next(line.removeprefix("OOMScoreAdjust=") for line in lines if line.startswith("OOMScoreAdjust=")))


def test_when_memory_runs_out_it_goes_first_and_the_guard_last() -> None:
    scores = {
        path.name: score(path.read_text().splitlines())
        for path in ROLES.glob("*/files/bitgrid*.service")
        if "OOMScoreAdjust=" in path.read_text()
    }
    assert max(scores, key=lambda name: scores[name]) == "bitgrid-kiosk.service"
    assert min(scores, key=lambda name: scores[name]) == "bitgrid-guard.service"
    assert any(line.startswith("MemoryMax=") for line in unit("kiosk"))


def test_a_browser_and_the_console_share_the_screen_one_at_a_time() -> None:
    kiosk = unit("kiosk")
    assert "Conflicts=bitgrid-console.service getty@tty1.service" in kiosk
    assert "OnFailure=bitgrid-console.service" in kiosk
    # Otherwise each of its restarts would count as the failure that brings the console back.
    assert {"Restart=always", "RestartMode=direct", "StartLimitBurst=5"} <= set(kiosk)


def test_it_is_off_unless_wanted_and_switched_off_leaves_nothing() -> None:
    assert yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())["bitgrid_kiosk_wanted"] is False
    put = (ROLE / "tasks" / "wanted.yml").read_text()
    removed = (ROLE / "tasks" / "unwanted.yml").read_text()
    for place in (
        *re.findall(r"dest: (/\S+[a-z])$", put, re.MULTILINE),
        *(f"/etc/systemd/system/{path.name}" for path in (ROLE / "files").glob("*.service")),
        *(f"/usr/local/lib/bitgrid/{path.name}" for path in (ROLE / "files").glob("kiosk-*")),
        "/var/lib/bitgrid-kiosk",
        "/etc/systemd/system/seatd.service",
    ):
        assert f"- {place}\n" in removed, place


def test_no_test_downloads_a_browser() -> None:
    kiosks = set(yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())["bitgrid_kiosk_packages"])
    assert kiosks & set(wanted_packages()) == set()


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """What would be called on a host, which here says only that it was."""
    for name in ("chromium", "swayidle", "wlr-randr"):
        (tmp_path / name).write_text(SAYS)
        (tmp_path / name).chmod(0o755)
    return tmp_path / "said"


def called(script: str, said: Path, *arguments: str, **changed: str) -> tuple[int, str]:
    told = settings() | {"STATE_DIRECTORY": "/state", "RUNTIME_DIRECTORY": "/run/own", "SAID": str(said)} | changed
    path = f"{said.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [ROLE / "files" / script, *arguments], env=os.environ | told | {"PATH": path}, check=False, timeout=20
    )
    return done.returncode, said.read_text()


def test_what_runs_on_the_display_is_the_browser_and_what_darkens_it(said: Path) -> None:
    waits = 'until grep -q swayidle "$SAID"; do sleep 0.1; done'
    (said.parent / "chromium").write_text(f"{SAYS}{waits}\nexit {ENDS_AS}\n")
    (said.parent / "swayidle").write_text(f"{SAYS}exec sleep 600\n")
    code, told = called("kiosk-browser", said)
    assert code == ENDS_AS, "and the one beside it ended with it, or this would not have come back"
    assert "swayidle -w timeout 300 " in told
    assert "--user-data-dir=/state/browser" in told
    assert "--disk-cache-dir=/run/own/cache" in told
    assert settings()["BITGRID_KIOSK_URL"] in told


def test_a_display_that_never_darkens_has_nothing_beside_the_browser(said: Path) -> None:
    code, told = called("kiosk-browser", said, BITGRID_KIOSK_BLANK_S="0")
    assert (code, "swayidle" in told) == (0, False)


def test_every_display_is_switched_and_by_its_name(said: Path) -> None:
    text = (
        f'{SAYS}[ $# -gt 0 ] || printf \'DSI-1 "a panel"\\n  Enabled: yes\\nHDMI-A-1 "a screen"\\n  Make: x\\n\'\n'
    )
    (said.parent / "wlr-randr").write_text(text)
    _, told = called("kiosk-screen", said, "--off")
    assert told.splitlines() == [
        "wlr-randr ",
        "wlr-randr --output DSI-1 --off",
        "wlr-randr --output HDMI-A-1 --off",
    ]
