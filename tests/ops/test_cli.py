"""The command line: quick where it can be, and never a traceback for what a person typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import bitgrid
from bitgrid.cli import main

HEAVY = ("pydantic", "flask", "paho", "pymodbus", "ruamel", "xmlrpc")
FRESH = """
import sys
from click.testing import CliRunner
from bitgrid.cli import main
done = CliRunner().invoke(main, sys.argv[1:])
print(done.exit_code, *(name for name in {heavy} if name in sys.modules))
"""


def bitgrid_(*arguments: str, stdin: bytes | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(main, arguments, input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("arguments", [["version"], ["--help"]])
def test_a_small_question_does_not_load_the_house(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FRESH.format(heavy=HEAVY), *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"


def test_the_version_is_the_packages() -> None:
    assert bitgrid_("version") == (0, f"bitgrid {bitgrid.__version__}\n")


def test_every_command_can_be_imported_and_tells_about_itself() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(), name
        assert bitgrid_(name, "--help")[0] == 0


def test_the_help_lists_every_command() -> None:
    _, text = bitgrid_("--help")
    for name in ("config", "decide", "doctor", "plant", "run", "status", "version", "whatif"):
        assert f"\n  {name} " in text


def test_a_sound_configuration_is_told_with_its_hash(config_dir: Path) -> None:
    code, text = bitgrid_("config", "check", str(config_dir))
    assert code == 0
    assert "everything is in order. Hash: " in text


def test_a_bad_configuration_ends_with_78_and_every_problem(config_dir: Path) -> None:
    (config_dir / "flags.yaml").write_text("schema: 1\nschema: 1\n")
    (config_dir / "policies.yaml").write_text("schema: 2\n")
    code, text = bitgrid_("config", "check", str(config_dir))
    assert code == 78
    assert "flags.yaml:2:1" in text
    assert "policies.yaml:1:1 schema" in text


@pytest.mark.parametrize("directory", ["/nowhere", "/dev/null", ""])
def test_a_directory_that_is_none_is_no_traceback(directory: str) -> None:
    assert bitgrid_("config", "check", directory)[0] != 0


@pytest.mark.parametrize("stdin", [b"", b"x", b"[]", b"{}", b"\xff\xfe", b"null", b'{"a":' * 2000])
def test_what_is_no_state_is_refused_with_a_reason(config_dir: Path, stdin: bytes) -> None:
    code, text = bitgrid_("decide", "--config", str(config_dir), stdin=stdin)
    assert code == 1
    assert text.startswith("Error: that is no state that could be decided on: ")


def test_a_state_is_decided_on(config_dir: Path) -> None:
    state = {"signals": {"grid_power_w": -3000, "pv_power_w": 4000}}
    code, text = bitgrid_("decide", "--config", str(config_dir), stdin=json.dumps(state).encode())
    assert code == 0, text
    assert json.loads(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--speed", "fast"],
        ["run", "--speed", "500"],
        ["run", "--site", "nowhere.yaml"],
        ["run", "--data", "nowhere.csv"],
        ["run", "--start", "noon"],
        ["plant", "fault", "no-such-fault"],
        ["dance"],
    ],
)
def test_a_wrong_word_is_answered_with_an_error(arguments: list[str], tmp_path: Path, config_dir: Path) -> None:
    if arguments[0] == "run":
        arguments = [*arguments, "--config", str(config_dir), "--var", str(tmp_path / "var")]
    code, text = bitgrid_(*arguments)
    assert code != 0
    assert "Error" in text
    assert not (tmp_path / "var").exists()
