"""Accounts on disk: passwords, tokens, and a file that may not be as it was written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2.profiles import RFC_9106_LOW_MEMORY
from pydantic import ValidationError

from bitgrid.web import accounts as accounts_module
from bitgrid.web.accounts import Accounts, AccountsError, Role, kept_secret, setup_code

USED = accounts_module.PROFILE
PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "accounts.json"


@pytest.fixture
def accounts(path: Path) -> Accounts:
    return Accounts(path)


def test_the_only_operator_stays_one(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    with pytest.raises(AccountsError, match="only operator"):
        accounts.set_user("anna", PASSWORD, Role.OBSERVER)
    accounts.set_user("bert", PASSWORD, Role.OPERATOR)
    accounts.set_user("anna", PASSWORD, Role.OBSERVER)
    assert accounts.users["anna"].role is Role.OBSERVER


def test_a_person_is_known_by_name_and_password_and_by_nothing_else(accounts: Accounts) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    person = accounts.person("anna", PASSWORD)
    assert person is not None
    assert person.role is Role.OPERATOR
    assert accounts.person("anna", PASSWORD + " ") is None
    assert accounts.person("bert", PASSWORD) is None
    assert accounts.person("", "") is None
    assert accounts.person("anna", "x" * 100_000) is None


def test_no_password_and_no_token_stands_in_the_file_which_is_its_owners_alone(
    accounts: Accounts, path: Path
) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    token = accounts.add_token("grafana", ("metrics",))
    text = path.read_text()
    assert PASSWORD not in text
    assert token.rsplit(".", 1)[1] not in text
    assert "$argon2id$" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_machine_is_known_by_its_whole_token(accounts: Accounts) -> None:
    token = accounts.add_token("ha", ("read", "override"))
    found = accounts.machine(token)
    assert found is not None
    assert found[0] == "ha"
    assert found[1].scopes == ("read", "override")
    for wrong in (token[:-1], token + "0", token.replace("ha", "hb"), "bitgrid.ha.", "", "bitgrid..", "x" * 9999):
        assert accounts.machine(wrong) is None
    accounts.remove_token("ha")
    assert accounts.machine(token) is None


def test_another_process_change_is_seen_at_once(accounts: Accounts, path: Path) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    assert accounts.person("anna", PASSWORD) is not None
    Accounts(path).set_user("bert", PASSWORD, Role.OPERATOR)
    Accounts(path).set_user("anna", "another password", Role.OBSERVER)
    assert accounts.person("anna", PASSWORD) is None
    person = accounts.person("anna", "another password")
    assert person is not None
    assert person.role is Role.OBSERVER


def test_the_last_operator_stays(accounts: Accounts) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    accounts.set_user("bert", PASSWORD, Role.OBSERVER)
    with pytest.raises(AccountsError, match="only operator"):
        accounts.remove_user("anna")
    accounts.set_user("cora", PASSWORD, Role.OPERATOR)
    accounts.remove_user("anna")
    assert set(accounts.users) == {"bert", "cora"}
    with pytest.raises(AccountsError, match="no user anna"):
        accounts.remove_user("anna")


@pytest.mark.parametrize("password", ["", "short", "x" * 9, "x" * 201])
def test_a_password_that_is_too_short_or_long_is_refused(accounts: Accounts, path: Path, password: str) -> None:
    with pytest.raises(AccountsError, match="10 to 200"):
        accounts.set_user("anna", password, Role.OPERATOR)
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../x", "a" * 40, "1a", "a.b"])
def test_a_name_that_cannot_be_is_refused_and_changes_nothing(accounts: Accounts, path: Path, name: str) -> None:
    with pytest.raises(ValidationError):
        accounts.set_user(name, PASSWORD, Role.OPERATOR)
    with pytest.raises(ValidationError):
        accounts.add_token(name, ("read",))
    assert not path.exists()


def test_a_token_is_not_made_twice_nor_with_more_than_a_machine_may(accounts: Accounts) -> None:
    accounts.add_token("ha", ("read",))
    with pytest.raises(AccountsError, match="already"):
        accounts.add_token("ha", ("read",))
    with pytest.raises(AccountsError, match="out of"):
        accounts.add_token("evil", ("operate",))
    with pytest.raises(AccountsError, match="out of"):
        accounts.add_token("nothing", ())
    with pytest.raises(AccountsError, match="no token hb"):
        accounts.remove_token("hb")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"users": {"a": {"role": "god", "password": "x"}}}', '{"x": 1}'])
def test_a_file_that_is_not_what_was_written_lets_nobody_in(accounts: Accounts, path: Path, text: str) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    path.write_text(text)
    with pytest.raises(AccountsError, match="nobody is let in"):
        accounts.person("anna", PASSWORD)
    with pytest.raises(AccountsError, match="nobody is let in"):
        accounts.set_user("bert", PASSWORD, Role.OPERATOR)
    assert path.read_text() == text


def test_a_file_that_others_may_read_lets_nobody_in(accounts: Accounts, path: Path) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    fresh = Accounts(path)
    path.chmod(0o640)
    os.utime(path, (1, 1))
    for known in (accounts, fresh):
        with pytest.raises(AccountsError, match="chmod 600"):
            known.person("anna", PASSWORD)


def test_a_write_that_fails_leaves_what_was(
    accounts: Accounts, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(accounts_module.os, "fsync", full)
        with pytest.raises(AccountsError, match="nothing is changed"):
            accounts.set_user("bert", PASSWORD, Role.OPERATOR)
    assert set(Accounts(path).users) == {"anna"}
    accounts.set_user("bert", PASSWORD, Role.OPERATOR)
    assert set(Accounts(path).users) == {"anna", "bert"}


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    for make in (kept_secret, setup_code):
        path = tmp_path / "keys" / make.__name__
        first = make(path)
        assert make(path) == first
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert make(tmp_path / "other" / make.__name__) != first
        path.write_text("")
        again = make(path)
        assert again not in {"", first}, "the power went as it was made: nobody needs a key that nobody had"
        assert (make(path), stat.S_IMODE(path.stat().st_mode)) == (again, 0o600)
        assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []
    (tmp_path / "short").write_text("abc")
    with pytest.raises(AccountsError, match="delete it"):
        kept_secret(tmp_path / "short")
    (tmp_path / "file").write_text("")
    with pytest.raises(AccountsError, match="cannot be read or made"):
        kept_secret(tmp_path / "file" / "key")


@pytest.mark.parametrize("make", [kept_secret, setup_code])
def test_a_secret_gets_its_name_when_it_will_outlast_a_loss_of_power(
    make: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    whole_sync, whole_rename = os.fsync, Path.rename

    def fsync(handle: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name.split('.')[-1]}")
        whole_sync(handle)

    def rename(self: Path, target: Path) -> Path:
        done.append("name")
        return whole_rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    make(tmp_path / "keys" / "key")
    assert done == [f"sync {os.getpid()}", "name", "sync keys"]


def test_passwords_are_hashed_as_rfc_9106_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "PROFILE", RFC_9106_LOW_MEMORY)
    accounts = Accounts(path)
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in path.read_text()
    assert accounts.person("anna", PASSWORD) is not None


def test_the_profile_in_use_is_that_one() -> None:
    assert USED is RFC_9106_LOW_MEMORY
