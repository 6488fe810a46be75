"""bitgrid.yaml as people write it: a hundred files, good and bad, and what is said of each."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config.errors import ConfigError
from bitgrid.ops.first_boot.reading import find, read
from bitgrid.ops.first_boot.wishes import Wishes

SECRET = "correct horse"  # noqa: S105  of a network that is not


def line_of(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


ED25519 = line_of(ed25519.Ed25519PrivateKey.generate())
RSA_1024 = line_of(rsa.generate_private_key(65_537, 1024))  # noqa: S505  refused for it
DSA = "ssh-dss " + base64.b64encode(b"\0\0\0\7ssh-dss" + b"\0" * 400).decode()
KIND = "sk-ssh-ed25519@openssh.com"
_POINT = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
_STRINGS = b"".join(len(one).to_bytes(4) + one for one in (KIND.encode(), _POINT, b"ssh:"))
HARDWARE = f"{KIND} {base64.b64encode(_STRINGS).decode()}"
ANOTHER = "means something else here than what is written; put it in quotes"
PRIVATE = r"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXkt\n-----END OPENSSH PRIVATE KEY-----"


def reading(directory: Path, text: str | bytes) -> Wishes:
    path = directory / "bitgrid.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def problems(directory: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as raised:
        reading(directory, text)
    return str(raised.value)


WIFI = f"wifi: {{name: Sonnenhang, password: '{SECRET}', country: DE}}"


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("schema: 1", {}),
        ("schema: 1\nhostname: bitgrid-2", {"hostname": "bitgrid-2"}),
        (f"schema: 1\nssh_keys: ['{ED25519} anna@laptop']", {"ssh_keys": [f"{ED25519} anna@laptop"]}),
        (f"schema: 1\nssh_keys:\n  - {ED25519}\n  - {HARDWARE} token", None),
        ("schema: 1\nssh_keys: []", {"ssh_keys": []}),
        (f"schema: 1\n{WIFI}", None),
        ("schema: 1\nwifi: {name: 'Café ☀', password: \"a # b: c\", country: FR}", None),
        (f"schema: 1\nwifi: {{name: x, password: '{'aF' * 32}', country: AT}}", None),
        ("schema: 1\nwifi: {name: x, password: '12345678', country: NO}", None),
        ("schema: 1\nnetwork: {address: 192.168.1.20/24, gateway: 192.168.1.1}", None),
        ("schema: 1\nnetwork: {address: 'fd00::5/64', gateway: 'fd00::1', dns: ['fd00::1']}", None),
        ("schema: 1\nnetwork: {address: 10.0.0.0/31, gateway: 10.0.0.1}", None),
        ("schema: 1\nnetwork: dhcp", {"network": "dhcp"}),
        ("schema: 1\ntime_zone: Europe/Vienna", {"time_zone": "Europe/Vienna"}),
        ("schema: 1\nsite: {name: Haus, language: de, latitude: 48.1, longitude: 11.5}", None),
        ("# a comment\nschema: 1  # the shape\n\n", {}),
        ("schema: 1\r\nhostname: bitgrid\r\n", {"hostname": "bitgrid"}),
        (b"\xef\xbb\xbfschema: 1\nhostname: bitgrid\n", {"hostname": "bitgrid"}),
        ("schema: 1\nhostname: bitgrid\n".encode("utf-16"), {"hostname": "bitgrid"}),
        (b"\xfe\xff" + "schema: 1\nhostname: bitgrid\n".encode("utf-16-be"), {"hostname": "bitgrid"}),
        ("schema: 1\rhostname: bitgrid\r", {"hostname": "bitgrid"}),
        ("%YAML 1.2\n---\nschema: 1\n", {}),
        ("schema: 1\nhostname: &me house\nsite: {name: *me}", {"hostname": "house", "site": {"name": "house"}}),
        (f"schema: 1\nhostname: {'x' * 63}", {"hostname": "x" * 63}),
        ("schema: 1\nhostname: 4711-a", {"hostname": "4711-a"}),
        (f"schema: 1\nssh_keys:\n  - '  {ED25519} anna  '", {"ssh_keys": [f"{ED25519} anna"]}),
        (f"schema: 1\nwifi: {{name: {'ä' * 16}, password: '{'x' * 63}', country: DE}}", None),
        ("schema: 1\nwifi:\n  'name': Haus am See\n  password:\n    garten-haus\n  country: DE  # here", None),
        ("schema: 1\nwifi: {name: ' with blanks ', password: '  in it  ', country: CH}", None),
        (
            "schema: 1\nnetwork: {address: 192.168.1.20/255.255.255.0, gateway: 192.168.1.1}",
            {"network": {"address": "192.168.1.20/24", "gateway": "192.168.1.1", "dns": []}},
        ),
        ('schema: 1\nsite: {name: "Anna’s “Haus”"}', {"site": {"name": "Anna’s “Haus”"}}),
        ("schema: 1\nsite: {latitude: -90, longitude: 180}", None),
    ],
)
def test_what_is_right_is_read(tmp_path: Path, text: str | bytes, wishes: dict[str, object] | None) -> None:
    told = reading(tmp_path, text)
    if wishes is not None:
        assert told.model_dump(exclude_none=True, by_alias=True) == {"schema": 1, **wishes}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("hostname: bitgrid", "schema: is missing"),
        ("schema: 2", "schema: must be 1"),
        ("schema: 1\nhostnme: x", "bitgrid.yaml:2:1 hostnme: extra key; did you mean hostname?"),
        ("schema: 1\nhostname: Bit Grid", "bitgrid.yaml:2:1 hostname: a host name has up to 63 small letters"),
        ("schema: 1\nhostname: '123'", "a host name has up to 63 small letters"),
        ("schema: 1\nhostname: 123", "must be in quotes, for it looks like a number"),
        (f"schema: 1\nhostname: {'x' * 64}", "a host name has up to 63"),
        ("schema: 1\nhostname: a\nhostname: b", "a key may stand only once"),
        ("schema: 1\n  hostname: x", "bitgrid.yaml:2:"),
        ("schema: 1\nhostname: x\t# the name", "bitgrid.yaml:2:12 has a tab in it"),
        ("schema: 1\n\thostname: x", "bitgrid.yaml:2:1 has a tab"),
        ("schema: 1\nssh_keys: ['ssh-ed25519']", "a public key is one line"),
        (f"schema: 1\nssh_keys: ['{ED25519[:40]}']", "is it whole?"),
        (f"schema: 1\nssh_keys: ['{RSA_1024}']", "1024 bits is too short"),
        (
            "schema: 1\nssh_keys: ['-----BEGIN OPENSSH PRIVATE KEY-----']",
            "this is a private key: never give it away",
        ),
        ("schema: 1\nssh_keys: anna", "ssh_keys: must be a list: each on a line of its own"),
        ("schema: 1\nwifi: {name: x, country: DE}", "wifi.password: is missing"),
        ("schema: 1\nwifi: {name: x, password: 12345678, country: DE}", "wifi.password: must be in quotes"),
        ("schema: 1\nwifi: {name: x, password: short, country: DE}", "has 8 to 63 characters"),
        ("schema: 1\nwifi: {name: x, password: Gartentür99, country: DE}", "without umlauts"),
        (f"schema: 1\nwifi: {{name: {'ä' * 17}, password: '{SECRET}', country: DE}}", "1 to 32 bytes"),
        (f"schema: 1\nwifi: {{name: x, password: '{SECRET}', country: de}}", "wifi.country: a country has two"),
        (
            "schema: 1\nnetwork: {address: 192.168.1.20, gateway: 192.168.1.1}",
            "the length of the prefix is missing",
        ),
        ("schema: 1\nnetwork: {address: 192.168.1.20/24, gateway: 192.168.2.1}", "is not in the network"),
        ("schema: 1\nnetwork: {address: 192.168.1.1/24, gateway: 192.168.1.1}", "needs one of its own"),
        ("schema: 1\nnetwork: {address: 192.168.1.255/24, gateway: 192.168.1.1}", "names the whole network"),
        ("schema: 1\nnetwork: {address: 192.168.1.300/24, gateway: 192.168.1.1}", "network"),
        ("schema: 1\nnetwork: {address: 192.168.1.2/24, gateway: 192.168.1.1, dns: [x]}", "dns"),
        ("schema: 1\ntime_zone: Berlin", "unknown time zone; use a name such as Europe/Berlin"),
        ("schema: 1\ntime_zone: ../../etc/passwd", "unknown time zone"),
        ("schema: 1\nsite: {latitude: 48.1}", "latitude and longitude are given together"),
        ("schema: 1\nsite: {latitude: 481, longitude: 11}", "site.latitude"),
        ("schema: 1\nsite: {language: fr}", "site.language"),
        ("- a\n- b", "no mapping of keys to values"),
        (b"\xff\x00\xfa\x81", "is no text in UTF-8"),
        (b"x" * 70_000, "is larger than 65536 bytes"),
        ("a: &a [x]\nb: *c", "must be in quotes"),
        ("\n\n", "is empty"),
        ("# all of it is a comment\n", "is empty"),
        ("---\n", "is empty"),
        ("schema: 1\n---\nschema: 1\n", "bitgrid.yaml:2:1 is no valid YAML"),
        ("schema: '1'", "schema: must be 1"),
        ("schema:1\nhostname: x", "Is there a blank after each colon?"),
        ("schema: 1\nhostname:x", "Is there a blank after each colon?"),
        ("schema: 1\nhostname: “house”", "bitgrid.yaml:2:11 has a typographic quote here (“)"),
        ("schema: 1\n„hostname“: house", "did you mean hostname?"),
        ("{\\rtf1\\ansi schema: 1}", "In TextEdit: Format, Make Plain Text"),
        ("schema: 1\nhostname: bitgrid\n".encode("utf-16-le"), "is no text in UTF-8"),
        ("schema: 1\n".encode("utf-32"), "is no text in UTF-8"),
        ("schema: 1\nsite: {name: Müller}".encode("latin-1"), "is no text in UTF-8"),
        ("schema: 1\nhostname: a\0b", "is no text in UTF-8"),
        ("[" * 700, "is nested too deeply"),
        ("".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9 if n else 'x'}]\n" for n in range(9)), "is nested too deeply"),
        ("a: &a {b: *a}", "bitgrid.yaml"),
        ("schema: 1\nhostname: !!python/object/apply:os.system ['id']", "hostname: must be a text"),
        ("schema: 1\nhostname: [house]", "hostname: must be a text, in quotes"),
        ("schema: 1\nhostname: my_house", "a host name has up to 63"),
        ("schema: 1\nhostname: my.house.local", "a host name has up to 63"),
        ("schema: 1\nhostname: -house", "a host name has up to 63"),
        ("schema: 1\nhostname: ''", "a host name has up to 63"),
        ('schema: 1\nhostname: "house\\n127.0.0.1 x"', "a host name has up to 63"),
        ("schema: 1\nhostname: localhost", "a host name has up to 63"),
        (f"schema: 1\nssh_keys: ['{DSA}']", "a key of DSA is not taken any more"),
        (f"schema: 1\nssh_keys: ['command=\"/bin/sh\" {ED25519}']", "no options are taken"),
        (f"schema: 1\nssh_keys: ['cert-authority {ED25519}']", "no options are taken"),
        (f"schema: 1\nssh_keys: ['ssh-ed25519-cert-v01@openssh.com {ED25519[12:]}']", "no certificates"),
        (f"schema: 1\nssh_keys: ['no-pty {HARDWARE}']", "no options are taken"),
        (f"schema: 1\nssh_keys: ['{KIND} AAAA']", "is it whole?"),
        (f"schema: 1\nssh_keys: ['{KIND} garbage!']", "is it whole?"),
        (f'schema: 1\nssh_keys: ["{ED25519} a\\rssh-rsa AAAA"]', "a public key is one line"),
        (f'schema: 1\nssh_keys: ["{PRIVATE}"]', "this is a private key: never give it away"),
        (f"schema: 1\nssh_keys: [{', '.join([repr(ED25519)] * 21)}]", "ssh_keys"),
        ("schema: 1\nwifi: Home", "wifi: must be a section"),
        (f"schema: 1\nwifi: {{name: 4711, password: '{SECRET}', country: DE}}", "wifi.name: must be in quotes"),
        (f"schema: 1\nwifi: {{name: '', password: '{SECRET}', country: DE}}", "1 to 32 bytes"),
        (f"schema: 1\nwifi: {{name: x, password: '{'x' * 64}', country: DE}}", "64 hexadecimal digits"),
        ('schema: 1\nwifi: {name: x, password: "12345678\\n}", country: DE}', "has 8 to 63 characters"),
        (f"schema: 1\nwifi: {{name: x, password: '{SECRET}', country: UK}}", "the United Kingdom's code is GB"),
        (f"schema: 1\nwifi: {{name: x, password: '{SECRET}', country: Germany}}", "two capital letters"),
        ("schema: 1\nnetwork: static", "network: must be a section"),
        ("schema: 1\nnetwork:\n  address: 192.168.1.20\n  gateway: 192.168.1.1", ":3:3 network.address: the"),
        ("schema: 1\nnetwork: {address: 192.168.1.20/32, gateway: 192.168.1.1}", "is not in the network"),
        ("schema: 1\nnetwork: {address: 192.168.1.20/24, gateway: 'fd00::1'}", "is not in the network"),
        ("schema: 1\nnetwork: {address: 127.0.0.1/8, gateway: 127.0.0.2}", "is no address of a computer"),
        ("schema: 1\nnetwork: {address: 224.0.0.5/24, gateway: 224.0.0.1}", "is no address of a computer"),
        ("schema: 1\nnetwork: {address: 0.0.0.0/0, gateway: 1.2.3.4}", "is no address of a computer"),
        ('schema: 1\nnetwork: {address: "fd00::5/64", gateway: "fd00::1%\\nDNS=6.6.6.6"}', "with a zone"),
        ('schema: 1\nnetwork: {address: "fe80::5%\\nX=1/64", gateway: "fe80::1"}', "an address with a zone"),
        ("schema: 1\nnetwork: {address: 192.168.1.2/24, gateway: 192.168.1.1, dns: ['fe80::1%x']}", "with a zone"),
        ("schema: 1\ntime_zone: Europe", "unknown time zone"),
        ("schema: 1\ntime_zone: europe/berlin", "unknown time zone"),
        ('schema: 1\ntime_zone: "Europe/Berlin\\0"', "unknown time zone"),
        ("schema: 1\nsite: {latitude: .nan, longitude: 1}", "site.latitude"),
        (
            "schema: 1\nwifi:\n  name: x\n  password: 1985-24-12",
            "bitgrid.yaml:4:13 is no valid YAML here: this begins",
        ),
        ("schema: 1\nhostname: 2024-02-31 12:00:00", "bitgrid.yaml:2:11 is no valid YAML here: this begins"),
        (f"schema: 1\nhostname: {'9' * 5000}", "bitgrid.yaml:2:11 is no valid YAML"),
        ("schema: 1\nwifi: {name: x, country: DE, password: ._}", "bitgrid.yaml:2:40 is no valid YAML"),
        *((f"schema: 1\nhostname: {value}", "put it in quotes") for value in ("0x_", "0b_", "+_", "!!int abc")),
        *((f"schema: 1\nhostname: {value}", "put it in quotes") for value in ("!!float abc", "!!bool abc")),
        ('schema: 1\nhostname: "\\UFFFFFFFF"', "put it in quotes"),
        ("schema: 1\nhostname: &a {<<: *a}", "bitgrid.yaml is no valid YAML"),
        ("schema: 1\nx: &w {q: 1}\nwifi:\n  <<: *w\n  name: y", "wifi: extra key; known keys: country"),
        ("schema: 1\nwifi: {name: x, country: DE, password: 2001-12-14t21:59:43.10-05:00}", "must be a text"),
        ("schema: 1\nwifi: {name: x, country: DE, password: !!set {a}}", "must be a"),
        (
            "schema: 1\nwifi:\n  name: x\n  country: DE\n  password: abcdefgh #1234",
            "wifi.password: ends before the #",
        ),
        ("schema: 1\nwifi:\n  name: My #1\n  country: DE\n  password: abcdefgh", "wifi.name: ends before the #"),
        ('schema: 1\nwifi: {name: x, country: DE, password: "ab\\x41cdefgh"}', "wifi.password: has a \\ in it"),
        ("schema: 1\nwifi: {name: x, country: DE, password: &secret haus20244}", f"wifi.password: {ANOTHER}"),
        (
            "schema: 1\nwifi:\n  name: &Cafe Home\n  password: 12345678x\n  country: DE",
            f"3:3 wifi.name: {ANOTHER}",
        ),
        ("schema: 1\nwifi:\n  name: .inf\n  password: 12345678x\n  country: DE", f"wifi.name: {ANOTHER}"),
        ("schema: 1\nwifi:\n  name: x\n  password: abcd\n    efghi\n  country: DE", f"wifi.password: {ANOTHER}"),
        ("schema: 1\nwifi:\n  name: x\n  password: 'abcd\n    efghi'\n  country: DE", f"wifi.password: {ANOTHER}"),
        ("schema: 1\nwifi: {name: “Home”, country: DE, password: abcdefgh}", "between typographic quotes"),
        (
            "schema: 1\nwifi: {name: \u2018Home\u2019, country: DE, password: abcdefgh}",
            "between typographic quotes",
        ),
        ("schema: 1\nnetwork: {adress: 192.168.1.20/24}", "network.adress: extra key; did you mean address?"),
        ("schema: 1\nnetwork: {router: 192.168.1.1}", "network: extra key; known keys: address, dns, gateway"),
        ("schema: 1\nnetwork: {address: 192.168.1.20/33, gateway: 192.168.1.1}", "24 as in 192.168.1.20/24"),
        ("schema: 1\nnetwork: {address: 192.168.1.20/0, gateway: 192.168.1.1}", "the whole internet"),
        ("schema: 1\nnetwork: {address: 192.168.1.20/24, gateway: 192.168.1.255}", "names the whole network"),
        ("schema: 1\nnetwork: {address: 192.168.1.20/24, gateway: 192.168.1.0}", "names the whole network"),
        ("schema: 1\nnetwork: {address: 8.8.8.20/24, gateway: 8.8.8.1}", "is no address of a computer in a home"),
        ("schema: 1\nnetwork: {address: '2001:db8::2/64', gateway: '2001:db8::1'}", "in a home"),
        ("schema: 1\nnetwork: {address: 192.168.1.2/24, gateway: 192.168.1.1, dns: [9.9.9.9]}", "firewall"),
        ("schema: 1\ntime_zone: ''", "this is no time zone"),
        ("schema: 1\ntime_zone: localtime", "this is no time zone"),
        ("schema: 1\nsite: {latitude: 52,5, longitude: 1}", "bitgrid.yaml:2"),
        ("schema: 1\nsite: {latitude: '52.5', longitude: 1}", "with a point and without quotes"),
        ("schema: 1\n\u00a0\u00a0hostname: x", "bitgrid.yaml:2:1 has a blank of another kind in it (U+00A0)"),
        (f"schema: 1\nssh_keys: ['{HARDWARE[:-8]}']", "is it whole?"),
        ("schema: 1\nsite: {name: '  '}", "site.name: a name is one line"),
        ('schema: 1\nsite: {name: "a\\nloads: []"}', "site.name: a name is one line"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str | bytes, says: str) -> None:
    assert says in problems(tmp_path, text)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    told = problems(tmp_path, "schema: 1\nhostname: A\ntime_zone: B\nwifi: {name: x}\n")
    assert [key in told for key in ("hostname", "time_zone", "wifi.password", "wifi.country")] == [True] * 4


SECRETS = [
    "short",
    "*start of it",
    "&anchor",
    "!tag me",
    "%percent",
    "@at it",
    "`tick`",
    "{brace",
    "Ümlaut-Wort",
    "7777777",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_password_is_repeated_in_what_is_said_of_it(tmp_path: Path, secret: str) -> None:
    told = problems(tmp_path, f"schema: 1\nwifi:\n  name: x\n  password: {secret}\n  country: DE\n")
    assert secret.strip("*&!%@`{") not in told


@pytest.mark.parametrize(
    "text",
    [
        "wifi: SESAME-OPEN",
        "wifi: {name: x, pasword: SESAME-OPEN, country: DE}",
        "wifi: {name: x, password:SESAME-OPEN, country: DE}",
        "wifi: {name: x, password: [SESAME-OPEN], country: DE}",
        "wifi: {name: x, password SESAME-OPEN: y, country: DE}",
        'wifi: {name: x, password: "\\SESAME-OPEN", country: DE}',
        "wifi:\n  name: x\n  password: SESAME-OPEN: x\n",
        "wifi:\n  name: x\n  password: 'SESAME-OPEN\n",
        'ssh_keys: ["-----BEGIN OPENSSH PRIVATE KEY-----\\nSESAME-OPEN"]',
        "ssh_keys:\n  - -----BEGIN OPENSSH PRIVATE KEY-----\n  - SESAME-OPEN\n",
        "ssh_keys: SESAME-OPEN",
        "password: SESAME-OPEN",
        "wifi: {name: x, password:SESAME-OPEN, password:SESAME-OPEN, country: DE}",
        "wifi: {name: x, password=SESAME-OPEN: y, country: DE}",
        "wifi: {SESAME-OPEN: , country: DE}",
        "hostname: SESAME-OPEN",
        "time_zone: SESAME-OPEN",
        "network: SESAME-OPEN",
        "network: {address: SESAME-OPEN/24, gateway: SESAME-OPEN}",
        "site: {language: SESAME-OPEN, latitude: SESAME-OPEN}",
        "wifi: {name: x, country: SESAME-OPEN}",
        "schema: SESAME-OPEN",
        "SESAME-OPEN",
    ],
)
def test_nor_is_a_secret_that_stands_where_none_belongs(tmp_path: Path, text: str) -> None:
    assert "SESAME" not in problems(tmp_path, f"schema: 1\n{text}\n")


def test_a_section_that_may_be_a_word_too_is_complained_of_once(tmp_path: Path) -> None:
    told = problems(tmp_path, "schema: 1\nnetwork:\n  address: 192.168.1.2/24\n  gateway: 10.0.0.1\n").splitlines()
    assert len(told) == 1
    assert "[" not in told[0]


def test_of_a_file_of_gigabytes_no_more_is_read_than_is_needed(tmp_path: Path) -> None:
    with (tmp_path / "bitgrid.yaml").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(ConfigError, match="is larger than 65536 bytes"):
        read(tmp_path / "bitgrid.yaml")


@given(st.text(max_size=60))
def test_whatever_stands_there_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("boot") / "bitgrid.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    told: list[str] = []
    try:
        read(path)
    except ConfigError as error:
        told = [str(problem) for problem in error.problems]
    assert all(told)


class TestFinding:
    def test_no_file_is_no_wish(self, tmp_path: Path) -> None:
        (tmp_path / "config.txt").write_text("arm_64bit=1")
        assert find(tmp_path) is None

    def test_its_name_may_be_in_capitals(self, tmp_path: Path) -> None:
        (tmp_path / "BITGRID.YAML").write_text("schema: 1")
        found = find(tmp_path)
        assert found is not None
        assert found.name == "BITGRID.YAML"

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "bitgrid.yaml.txt",
                "bitgrid.yml",
                "Bitgrid.yaml.rtf",
                "bitgrid.txt",
                "bitgrid.yaml.docx",
                "bitgrid",
            ),
            *(
                "bitgrid(1).yaml",
                "bitgrid (2).yaml",
                "bitgrid - Kopie.yaml",
                "bitgrid copy.yaml",
                "bitgrid.txt.yaml",
            ),
        ],
    )
    def test_a_name_that_a_computer_changed_is_told(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("schema: 1")
        with pytest.raises(ConfigError, match=r"Rename it to bitgrid\.yaml"):
            find(tmp_path)

    def test_two_of_them_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "bitgrid.yaml").write_text("schema: 1")
        (tmp_path / "Bitgrid.yaml").write_text("schema: 1")
        with pytest.raises(ConfigError, match="stands there 2 times"):
            find(tmp_path)

    def test_what_was_taken_and_the_log_are_no_wishes(self, tmp_path: Path) -> None:
        ours = ("bitgrid.yaml.taken", "bitgrid-firstboot.log", "bitgrid-firstboot.log.txt", "bitgrid-notes.txt")
        for name in (*ours, "bitgrid-0.1.0-arm64.update"):
            (tmp_path / name).write_text("")
        assert find(tmp_path) is None
