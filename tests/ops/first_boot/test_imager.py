"""Raspberry Pi Imager's settings, in the forms of cloud-init and netplan."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bitgrid.config.errors import ConfigError
from bitgrid.ops.first_boot.imager import Imagined, imager

KEY = (
    ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
)
USER_DATA = f"""#cloud-config
hostname: Sonne
manage_etc_hosts: true
timezone: Europe/Berlin
keyboard: {{layout: de}}
users:
  - name: anna
    passwd: $5$abc$def
    ssh_authorized_keys:
      - {KEY} anna
ssh_pwauth: true
"""
NETWORK = """network:
  version: 2
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "DE"
      access-points:
        "Am Hang":
          password: "correct horse"
      optional: true
"""


def imagined(boot: Path, user: str | None = USER_DATA, network: str | None = NETWORK) -> Imagined | None:
    for name, text in (("user-data", user), ("network-config", network)):
        if text is not None:
            (boot / name).write_text(text, encoding="utf-8")
    return imager(boot)


def test_what_imager_asks_is_taken_over_and_what_is_not_is_told(tmp_path: Path) -> None:
    told = imagined(tmp_path)
    assert told is not None
    assert told.wishes.model_dump(exclude_none=True, by_alias=True) == {
        "schema": 1,
        "hostname": "sonne",
        "time_zone": "Europe/Berlin",
        "ssh_keys": [f"{KEY} anna"],
        "wifi": {"name": "Am Hang", "password": "correct horse", "country": "DE"},
    }
    assert told.ignored == (
        "a user 'anna': whoever has a key logs in as admin",
        "a password to log in with: nobody logs in with one here",
        "a keyboard",
    )
    assert [path.name for path in told.files] == ["network-config", "user-data"], "in the order of removal"


def test_notepad_s_mark_before_the_heading_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "user-data").write_text(USER_DATA, encoding="utf-8-sig")
    told = imagined(tmp_path, None)
    assert told is not None
    assert (told.wishes.hostname, [path.name for path in told.files]) == ("sonne", ["network-config", "user-data"])


def test_what_was_not_read_is_not_removed_as_if_it_had_been(tmp_path: Path) -> None:
    told = imagined(tmp_path, "## template: jinja\n#cloud-config\nhostname: other\n")
    assert told is not None
    assert (told.wishes.hostname, [path.name for path in told.files]) == (None, ["network-config"])


def test_a_password_for_a_log_in_is_told_and_taken_off_wherever_it_stands(tmp_path: Path) -> None:
    told = imagined(tmp_path, "#cloud-config\nchpasswd: {users: [{name: anna, password: SESAME}]}\n", None)
    assert told is not None
    assert told.ignored == ("a password to log in with: nobody logs in with one here",)
    assert [path.name for path in told.files] == ["user-data"]


def test_of_several_networks_the_first_is_joined_and_that_is_told(tmp_path: Path) -> None:
    network = NETWORK.replace(
        "      optional", '        "Am Tal":\n          password: "another horse"\n      optional'
    )
    told = imagined(tmp_path, USER_DATA, network)
    assert told is not None
    assert told.wishes.wifi is not None
    assert (told.wishes.wifi.name, told.ignored[-1]) == (
        "Am Hang",
        "wireless networks beyond the first (1): one is joined",
    )


def test_nothing_there_is_nothing_wished(tmp_path: Path) -> None:
    assert imager(tmp_path) is None


@pytest.mark.parametrize(
    ("user", "network"),
    [(None, "# nothing but remarks\n"), ("no heading: of cloud-config\n", None), ("#cloud-config\n", None)],
)
def test_what_says_nothing_is_nothing_wished(tmp_path: Path, user: str | None, network: str | None) -> None:
    assert imagined(tmp_path, user, network) is None


BEFORE_2 = """version: 2
wifis:
  renderer: networkd
  wlan0:
    dhcp4: true
    optional: true
    access-points:
      "Am Hang":
        password: "%s"
        hidden: true
""" % ("ab" * 32)
"""As Imager 1 wrote it: what does the work stands among the interfaces, and the country elsewhere."""


@pytest.mark.parametrize(
    ("user", "line"),
    [
        (USER_DATA, "console=tty1 cfg80211.ieee80211_regdom=AT\n"),
        (USER_DATA + "runcmd:\n- sed -i 's/^\\s*REGDOMAIN=\\S*/REGDOMAIN=AT/' /etc/default/crda || true\n", ""),
    ],
)
def test_what_imager_wrote_before_is_taken_over_too(tmp_path: Path, user: str, line: str) -> None:
    (tmp_path / "cmdline.txt").write_text(line)
    told = imagined(tmp_path, user, BEFORE_2)
    assert told is not None
    assert told.wishes.wifi is not None
    assert told.wishes.wifi.model_dump() == {"name": "Am Hang", "password": "ab" * 32, "country": "AT"}


def test_a_fixed_address_is_taken_over(tmp_path: Path) -> None:
    network = (
        "version: 2\nethernets:\n  eth0:\n    addresses: [192.168.1.20/24]\n"
        "    routes: [{to: default, via: 192.168.1.1}]\n    nameservers: {addresses: [192.168.1.3]}\n"
    )
    told = imagined(tmp_path, None, network)
    assert told is not None
    assert told.wishes.model_dump(exclude_none=True)["network"] == {
        "address": "192.168.1.20/24",
        "gateway": "192.168.1.1",
        "dns": ["192.168.1.3"],
    }


@pytest.mark.parametrize(
    ("user", "network", "says"),
    [
        (USER_DATA.replace(KEY, KEY[:50]), None, "ssh_keys.0: this is no public key"),
        (USER_DATA.replace("Sonne", "Haus am Hang"), None, "hostname: a host name has"),
        (None, NETWORK.replace('      regulatory-domain: "DE"\n', ""), "wifi.country"),
        (None, NETWORK.replace("correct horse", "short"), "wifi.password: a password of WPA"),
        (None, NETWORK.replace("correct horse", ""), "an open network is not joined"),
        (None, BEFORE_2, "wifi.country: a country has two capital letters"),
        (None, "network: [a, b]\n", "is not as Imager writes it"),
        (None, "network: {wifis: {wlan0: {access-points: [x]}}}\n", "is not as Imager writes it"),
        (None, "- a\n", "network-config is no mapping"),
        ("#cloud-config\nhostname: [\n", None, "user-data:"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, user: str | None, network: str | None, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        imagined(tmp_path, user, network)
    assert says in str(raised.value)
    assert "short" not in str(raised.value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc: -", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["network", "wifis", "wlan0", "access-points", "users", "ssh_authorized_keys", "hostname"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING)
def test_whatever_stands_there_is_taken_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, user: object, network: object
) -> None:
    boot = tmp_path_factory.mktemp("boot")
    yaml = YAML(typ="safe")
    with (boot / "user-data").open("w") as file:
        file.write("#cloud-config\n")
        yaml.dump(user, file)
    with (boot / "network-config").open("w") as file:
        yaml.dump(network, file)
    told: list[str] = []
    try:
        imager(boot)
    except ConfigError as error:
        told = [str(problem) for problem in error.problems]
    assert all(told)
