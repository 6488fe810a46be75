"""Credentials of devices: a file each, for its owner's eyes alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.config import ConfigError, secrets
from bitgrid.config.secrets import DIRECTORY_VARIABLE, Credentials, credentials, token


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    return tmp_path


def put(directory: Path, text: str, mode: int = 0o600) -> None:
    (directory / "relay").write_text(text)
    (directory / "relay").chmod(mode)


def test_user_and_password_are_parted_by_the_first_colon(directory: Path) -> None:
    put(directory, "admin:a:b c\n")
    assert credentials("relay") == Credentials("admin", "a:b c")


def test_the_password_is_in_no_representation(directory: Path) -> None:
    put(directory, "admin:quiet")
    assert "quiet" not in repr(credentials("relay"))


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("admin:quiet", 0o640, "may be read by others; run: chmod 600"),
        ("admin:quiet", 0o604, "may be read by others"),
        ("adminquiet", 0o600, "one line of the form user:password"),
        (":quiet", 0o600, "one line of the form user:password"),
        ("admin:quiet\nroot:loud", 0o600, "one line of the form user:password"),
        ("", 0o600, "one line of the form user:password"),
    ],
)
def test_what_is_no_secret_is_refused_without_telling_it(directory: Path, text: str, mode: int, told: str) -> None:
    put(directory, text, mode)
    with pytest.raises(ConfigError) as caught:
        credentials("relay")
    assert told in str(caught.value)
    assert "quiet" not in str(caught.value)


@pytest.mark.usefixtures("directory")
def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"relay.* cannot be read: No such file"):
        credentials("relay")


def test_a_token_is_one_line(directory: Path) -> None:
    put(directory, "5K4MVS-OjfWhK_4yrjOlFe1F6kJXPVf7eQYggo8ebAE\n")
    assert token("relay") == "5K4MVS-OjfWhK_4yrjOlFe1F6kJXPVf7eQYggo8ebAE"


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("quiet", 0o640, "may be read by others; run: chmod 600"),
        ("", 0o600, "must hold one line, the token"),
        ("quiet\nloud", 0o600, "must hold one line, the token"),
        ("Bearer quiet", 0o600, "must hold one line, the token"),
        ("quiet\x7f", 0o600, "must hold one line, the token"),
        ("quiét", 0o600, "must hold one line, the token"),
    ],
)
def test_what_is_no_token_is_refused_without_telling_it(directory: Path, text: str, mode: int, told: str) -> None:
    put(directory, text, mode)
    with pytest.raises(ConfigError) as caught:
        token("relay")
    assert told in str(caught.value)
    assert "qui" not in str(caught.value)


@pytest.mark.usefixtures("directory")
def test_a_missing_token_is_named() -> None:
    with pytest.raises(ConfigError, match=r"relay.* cannot be read: .* with one line, the token"):
        token("relay")


def test_on_an_appliance_each_user_has_a_directory_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DIRECTORY_VARIABLE, raising=False)
    monkeypatch.setattr(secrets, "DEFAULT_DIRECTORY", tmp_path)
    assert secrets.place() == tmp_path
    own = tmp_path / Path("/proc/self").owner()
    own.mkdir()
    assert secrets.place() == own


def test_whoever_signs_on_an_appliance_signs_with_the_key_among_the_pages_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "DEFAULT_DIRECTORY", tmp_path)
    monkeypatch.delenv(DIRECTORY_VARIABLE, raising=False)
    assert secrets.signing_place() == tmp_path, "no appliance"
    (tmp_path / "bitgrid-web").mkdir()
    assert secrets.signing_place() == tmp_path / "bitgrid-web" / "web"
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path / "named"))
    assert secrets.signing_place() == tmp_path / "named"
