"""The appliance's own authority: what it vouches for, and what it cannot vouch for though its key were stolen."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bitgrid.ops.errors import Refusal
from bitgrid.ops.host import certificates
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.openssl import openssl
from bitgrid.store.files import sync

NAMES = ["bitgrid.local", "192.168.1.10", "fe80::1", "localhost", "127.0.0.1", "::1"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path, "bitgrid.local")
    assert made.make()
    return made


def verify(authority: Authority, name: str, *more: str) -> str:
    place = authority.directory
    return openssl("verify", "-purpose", "sslserver", *more, "-CAfile", f"{place}/ca.crt", f"{place}/{name}.crt")


def test_a_certificate_holds_for_the_hosts_names_and_addresses(authority: Authority) -> None:
    assert authority.certify("web", NAMES)
    for shown in (
        ["-verify_hostname", "bitgrid.local"],
        ["-verify_ip", "192.168.1.10"],
        ["-verify_ip", "fe80::1"],
    ):
        assert verify(authority, "web", *shown).endswith("OK\n")
    with pytest.raises(Refusal, match="hostname mismatch"):
        verify(authority, "web", "-verify_hostname", "bank.example")


@pytest.mark.parametrize("name", ["bank.example", "8.8.8.8", "notlocal", "2a00::1"])
def test_it_can_vouch_for_nothing_outside_a_home(authority: Authority, name: str) -> None:
    authority.certify("web", [name])
    with pytest.raises(Refusal, match="permitted subtree violation"):
        verify(authority, "web")


def test_a_name_of_the_owners_own_domain_may_be_added_when_it_is_made(tmp_path: Path) -> None:
    made = Authority(tmp_path, "house")
    made.make(["grid.example.org"])
    made.certify("web", ["grid.example.org"])
    assert verify(made, "web", "-verify_hostname", "grid.example.org").endswith("OK\n")


@pytest.mark.parametrize("empty", ["ca.crt", "ca.key", "web.crt", "web.key"])
def test_what_a_loss_of_power_left_empty_is_made_anew(authority: Authority, empty: str) -> None:
    authority.certify("web", NAMES)
    (authority.directory / empty).write_text("")
    assert authority.make() == empty.startswith("ca")
    assert authority.certify("web", NAMES)
    assert verify(authority, "web").endswith("OK\n")


def test_each_gets_its_name_when_it_will_outlast_a_loss_of_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def synced(path: Path) -> None:
        done.append(path.name)
        sync(path)

    monkeypatch.setattr(certificates, "sync", synced)
    Authority(tmp_path, "house").make()
    assert done == ["ca.key", "ca.crt", tmp_path.name]


def test_it_stays_and_so_does_what_will_do(authority: Authority) -> None:
    before = authority.fingerprint()
    assert authority.certify("web", NAMES)
    assert not authority.certify("web", NAMES)
    assert not authority.make()
    assert authority.fingerprint() == before


def test_another_name_needs_another_certificate(authority: Authority) -> None:
    authority.certify("web", NAMES)
    assert authority.certify("web", [*NAMES, "192.168.1.11"])


def test_a_certificate_is_made_anew_a_month_before_it_ends(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "CERTIFICATE_DAYS", 29)
    authority.certify("web", NAMES)
    monkeypatch.setattr(certificates, "CERTIFICATE_DAYS", 397)
    assert authority.certify("web", NAMES)
    assert not authority.certify("web", NAMES)


def test_one_of_another_authority_or_none_at_all_is_replaced(authority: Authority, tmp_path: Path) -> None:
    authority.certify("web", NAMES)
    (tmp_path / "ca.crt").unlink()
    authority.make()
    assert authority.certify("web", NAMES)
    (tmp_path / "web.crt").write_text("nonsense")
    assert authority.certify("web", NAMES)


def test_keys_are_for_root_alone_and_nothing_else_is_left_behind(authority: Authority, tmp_path: Path) -> None:
    authority.certify("web", NAMES)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*.key")} == {
        "ca.key": 0o600,
        "web.key": 0o600,
    }
    assert {path.name for path in tmp_path.iterdir()} == {"ca.key", "ca.crt", "web.key", "web.crt"}


def test_it_cannot_sign_another_authority(authority: Authority) -> None:
    told = openssl("x509", "-in", str(authority.directory / "ca.crt"), "-noout", "-text")
    assert "CA:TRUE, pathlen:0" in told
    assert "X509v3 Name Constraints: critical" in told


def test_openssl_that_is_missing_or_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal, match="openssl x509 failed"):
        openssl("x509", "-in", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Refusal, match="apt-get install openssl"):
        openssl("version")
