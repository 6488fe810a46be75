"""The roles keep their own rules: what can be set is named alike, explained, checked and documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ground.rules import ROOT

ROLES = sorted(path.parent for path in (ROOT / "ansible" / "roles").glob("*/tasks"))
SHORT = 100
"""Lines of a task file that is still read at once."""


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text()) if path.exists() else {}
    return found or {}


def specs(role: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(role / "meta" / "argument_specs.yml")["argument_specs"]
    return found


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_variable_carries_its_roles_name(role: Path) -> None:
    names = set(read(role / "defaults" / "main.yml"))
    assert {name for name in names if not name.startswith(f"bitgrid_{role.name}_")} == set()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_default_is_checked_before_it_is_used(role: Path) -> None:
    assert set(specs(role)["main"]["options"]) == set(read(role / "defaults" / "main.yml"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_default_says_what_it_means(role: Path) -> None:
    lines = (role / "defaults" / "main.yml").read_text().splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r"bitgrid_", line)]
    assert [lines[number] for number in keys if not lines[number - 1].startswith("# ")] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_task_files_are_short(role: Path) -> None:
    long = [path.name for path in (role / "tasks").iterdir() if len(path.read_text().splitlines()) > SHORT]
    assert long == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_is_played_and_said_to_be(role: Path) -> None:
    played = "".join(path.read_text() for path in (ROOT / "ansible").glob("**/*.yml") if "roles" not in path.parts)
    assert f"- role: {role.name}\n" in played
    assert f"| `{role.name}` |" in (ROOT / "ansible" / "README.md").read_text()


def test_the_page_of_the_variables_is_up_to_date() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "scripts" / "ansible-docs"], capture_output=True, text=True, check=True
    ).stdout
    assert (ROOT / "docs" / "ansible.md").read_text(encoding="utf-8") == made, "run: make docs"


def test_what_the_linter_is_told_to_pass_over_has_its_reason() -> None:
    text = (ROOT / "ansible" / ".ansible-lint").read_text()
    skipped = read(ROOT / "ansible" / ".ansible-lint")["skip_list"]
    assert len(skipped) == 1
    assert re.search(rf"#[^\n]+\n  #[^\n]+\n  - {re.escape(skipped[0])}", text)
    inline = [path for path in (ROOT / "ansible").rglob("*.yml") if "# noqa" in path.read_text()]
    assert inline == []


def test_secrets_stay_out_of_the_fact_cache() -> None:
    assert "fact_caching = memory" in (ROOT / "ansible" / "ansible.cfg").read_text()


def test_the_audits_own_limits_are_read_after_debians() -> None:
    """augenrules reads by name, digits first, and of a limit that is set twice the last one holds."""
    said = (ROOT / "ansible" / "roles" / "hardening" / "tasks" / "audit.yml").read_text()
    (name,) = re.findall(r"dest: /etc/audit/rules\.d/(\S+)", said)
    assert name.endswith(".rules")
    assert sorted([name, "audit.rules"]) == ["audit.rules", name]


def places(task: dict[str, Any]) -> list[str]:
    """Paths that a task takes away."""
    removed = task.get("ansible.builtin.file", {})
    if removed.get("state") != "absent":
        return []
    return [str(path) for path in task.get("loop", [removed["path"]])]


def stopped(task: dict[str, Any]) -> list[str]:
    """Units that a task stops."""
    unit = task.get("ansible.builtin.systemd_service", {})
    return [str(name) for name in task.get("loop", [unit.get("name")])] if unit.get("state") == "stopped" else []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_unit_is_stopped_before_its_file_goes(role: Path) -> None:
    """Without its file it is stopped with nothing, and what it had started runs on."""
    for path in (role / "tasks").glob("*.yml"):
        known: list[str] = []
        for task in yaml.safe_load(path.read_text()):
            known += stopped(task)
            gone = {Path(one).name for one in places(task) if re.match(r"/etc/systemd/system/bitgrid", one)}
            assert gone <= set(known), path
