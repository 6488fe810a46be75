"""A device behind a password is read with it, and without it says what is missing, never the password."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import ConfigError, DeviceConfig, load_config
from bitgrid.config.profiling import load_profile
from bitgrid.config.secrets import Credentials, credentials
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.ports import SignalSource
from bitgrid.devices.registry import Transports, build_sources, no_bus
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer

ROOT = Path(__file__).parents[2] / "config"
PASSWORD = "correct horse battery staple"  # noqa: S105  of nobody
BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
ANSWERS = {
    "shelly_3em": b'{"emeters": [' + b", ".join([b'{"power": 100.5, "is_valid": true}'] * 3) + b"]}",
    "tasmota_energy": b'{"StatusSNS": {"ENERGY": {"Power": 301.5}}}',
}


class Guarded:
    """A device that wants basic authentication; one that asks for it, or one that refuses without asking."""

    def __init__(self, answer: bytes, *, asks: bool) -> None:
        self.answer, self.asks = answer, asks
        self.requests = 0

    def __call__(
        self, _method: str, _target: str, _body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        self.requests += 1
        if headers.get("Authorization") == BASIC:
            return HttpAnswer(200, self.answer)
        return HttpAnswer(401, b"", {"www-authenticate": 'Basic realm="shelly"'} if self.asks else {})


def read_by(
    profile: str, exchange: Guarded, secret: Callable[[str], Credentials], name: str | None = "grid_meter"
) -> SignalSource:
    device = DeviceConfig(
        id="meter",
        kind="profile",
        profile=profile,
        host="192.168.1.9",
        port=80,
        secret=name,
        signals=["grid_power_w"],
    )
    known_profiles = {profile: load_profile(ROOT / "devices" / f"{profile}.yaml")}
    config = replace(load_config(ROOT), profiles=known_profiles)
    transports = Transports(http=lambda *_: exchange, secret=secret)
    return build_sources(config, HeldClock(), transports, listen=no_bus, only=[device])["meter"]


def known(name: str) -> Credentials:
    assert name == "grid_meter"
    return Credentials("admin", PASSWORD)


@pytest.mark.parametrize(("profile", "asks"), [("shelly_3em", True), ("tasmota_energy", False)])
def test_a_device_behind_a_password_is_read_with_it(profile: str, asks: bool) -> None:
    source = read_by(profile, Guarded(ANSWERS[profile], asks=asks), known)
    assert source.read() == {"grid_power_w": 301.5}


@pytest.mark.parametrize(("profile", "asks"), [("shelly_3em", True), ("tasmota_energy", False)])
def test_without_a_secret_or_with_a_wrong_one_it_is_refused_and_none_is_told(profile: str, asks: bool) -> None:
    wrong = "not the password"
    for source in (
        read_by(profile, Guarded(b"{}", asks=asks), known, name=None),
        read_by(profile, Guarded(b"{}", asks=asks), lambda _: Credentials("admin", wrong)),
    ):
        with pytest.raises(DeviceRefused, match="asks for a password, or refused the one it was given") as refused:
            source.read()
        assert wrong not in repr(refused.value)


def test_a_missing_file_is_told_and_mended_without_a_restart(tmp_path: Path) -> None:
    exchange = Guarded(ANSWERS["shelly_3em"], asks=True)
    source = read_by("shelly_3em", exchange, lambda name: credentials(name, tmp_path))
    with pytest.raises(DeviceRefused, match=r"was not asked.*grid_meter.*user:password"):
        source.read()
    assert exchange.requests == 0
    file = tmp_path / "grid_meter"
    file.touch(0o600)
    file.write_text(f"admin:{PASSWORD}\n")
    assert source.read() == {"grid_power_w": 301.5}


def test_a_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "grid_meter"
    file.write_text(f"admin:{PASSWORD}\n")
    file.chmod(0o644)
    source = read_by("shelly_3em", Guarded(b"{}", asks=True), lambda name: credentials(name, tmp_path))
    with pytest.raises(DeviceRefused, match="chmod 600") as refused:
        source.read()
    assert PASSWORD not in str(refused.value)
    with pytest.raises(ConfigError):
        credentials("grid_meter", tmp_path)
