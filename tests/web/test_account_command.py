"""`bitgrid account`, as somebody at the console types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bitgrid.cli import main
from bitgrid.config.secrets import ACCOUNTS
from bitgrid.web.accounts import Accounts

PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "web"


def account(keys: Path, *words: str, told: str = "") -> Result:
    return CliRunner().invoke(main, ["account", *words, "--keys", str(keys)], input=told)


def test_a_person_is_added_listed_and_removed(keys: Path) -> None:
    assert "nobody yet" in account(keys, "list").output
    for name, role in (("anna", "operator"), ("oma", "observer")):
        result = account(keys, "add", name, "--role", role, told=f"{PASSWORD}\n{PASSWORD}\n")
        assert result.exit_code == 0, result.output
        assert PASSWORD not in result.output
    assert [line.split() for line in account(keys, "list").output.splitlines()] == [
        ["anna", "operator"],
        ["oma", "observer"],
    ]
    assert account(keys, "remove", "oma").exit_code == 0
    last = account(keys, "remove", "anna")
    assert last.exit_code == 1
    assert "only operator" in last.output


def test_a_token_is_shown_once_and_works_until_it_is_removed(keys: Path) -> None:
    token = account(keys, "token", "add", "ha", "--scope", "read", "--scope", "override").stdout.strip()
    accounts = Accounts(keys / ACCOUNTS)
    assert accounts.machine(token) is not None
    assert token not in account(keys, "list").output
    assert "token: read, override" in account(keys, "list").output
    assert account(keys, "token", "remove", "ha").exit_code == 0
    assert accounts.machine(token) is None


@pytest.mark.parametrize(
    ("words", "told", "says"),
    [
        (("add", "Anna"), PASSWORD, "small letters"),
        (("add", "anna"), "short", "10 to 200"),
        (("remove", "anna"), "", "no user anna"),
        (("token", "remove", "ha"), "", "no token ha"),
        (("token", "add", "ha", "--scope", "operate"), "", "operate"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(keys: Path, words: tuple[str, ...], told: str, says: str) -> None:
    result = account(keys, *words, told=f"{told}\n{told}\n")
    assert result.exit_code != 0
    assert says in result.output
    assert not (keys / ACCOUNTS).exists()
