"""The passwords an appliance makes for itself, and the hashes that the broker knows them by."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import pytest

from bitgrid.config import ConfigError
from bitgrid.config.secrets import Credentials, credentials
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.accounts import Account
from bitgrid.ops.host.passwords import make_passwords, password_file

ME = pwd.getpwuid(os.geteuid()).pw_name
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


@AS_ROOT
def test_every_account_has_a_password_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = make_passwords([Account("rules", ME), Account("web", "nobody")], tmp_path / "secrets")
    assert len(set(made.values())) == 2
    assert min(map(len, made.values())) >= 43, "32 random bytes"
    file = tmp_path / "secrets" / "nobody" / "broker-web"
    assert (file.owner(), stat.S_IMODE(file.stat().st_mode)) == ("nobody", 0o600)
    assert (file.parent.owner(), stat.S_IMODE(file.parent.stat().st_mode)) == ("root", 0o750)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o711
    assert credentials("broker-web", file.parent) == Credentials("web", made["web"])


@AS_ROOT
def test_a_password_that_is_there_stays(tmp_path: Path) -> None:
    first = make_passwords([Account("rules", ME)], tmp_path / "secrets")
    assert (
        make_passwords([Account("rules", ME), Account("web", ME)], tmp_path / "secrets")["rules"] == first["rules"]
    )


@AS_ROOT
def test_a_password_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    make_passwords([Account("rules", ME)], tmp_path)
    (tmp_path / ME / "broker-rules").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        make_passwords([Account("rules", ME)], tmp_path)


def test_a_user_who_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no user bitgrid-nobody-knows"):
        make_passwords([Account("rules", "bitgrid-nobody-knows")], tmp_path)


def test_the_brokers_file_holds_no_password_and_changes_only_with_one() -> None:
    first = password_file({"web": "a", "rules": "b"}, "")
    assert [line.split(":")[0] for line in first.splitlines()] == ["rules", "web"]
    assert "web:a" not in first
    assert password_file({"web": "a", "rules": "b"}, first) == first
    changed = password_file({"web": "c", "rules": "b"}, first)
    assert [old == new for old, new in zip(first.splitlines(), changed.splitlines(), strict=True)] == [True, False]


@pytest.mark.parametrize("damaged", ["web:$7$1000$!!$x", "web:", "web", "web:$6$x$y", "\n"])
def test_a_damaged_line_is_made_anew(damaged: str) -> None:
    assert password_file({"web": "a"}, damaged).startswith("web:$7$1000$")


def test_an_account_that_is_gone_is_not_known_any_more() -> None:
    both = password_file({"web": "a", "gone": "b"}, "")
    assert "gone" not in password_file({"web": "a"}, both)
