"""Checked against the examples of RFC 7617 and RFC 7616, and against a device that reckons the digest itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from bitgrid.config.secrets import Credentials
from bitgrid.devices.authentication import _Digest, authenticated, with_basic
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer

WHO = Credentials("admin", "geheim:€")
BASIC = 'Basic realm="shelly"'


@dataclass
class Guarded:
    """A device that asks who one is: by basic, or by a digest of its own reckoning."""

    challenge: str
    who: Credentials = WHO
    heard: list[str | None] = field(default_factory=list)

    def __call__(
        self, method: str, target: str, _body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        said = headers.get("Authorization")
        self.heard.append(said)
        if said and (said == self._basic() or self._is_digest(said, method, target)):
            return HttpAnswer(200, b"{}")
        return HttpAnswer(401, b"", {"www-authenticate": self.challenge} if self.challenge else {})

    def _basic(self) -> str:
        return "Basic YWRtaW46Z2VoZWltOuKCrA==" if self.who == WHO else "never"

    def _is_digest(self, said: str, method: str, target: str) -> bool:
        scheme, _, parameters = said.partition(" ")
        if scheme != "Digest":
            return False
        told = parse_keqv_list(parse_http_list(parameters))
        asked = parse_keqv_list(parse_http_list(self.challenge.partition(" ")[2]))
        if told["nonce"] != asked["nonce"] or told["uri"] != target:
            return False
        digest = hashlib.sha256 if asked["algorithm"] == "SHA-256" else hashlib.md5

        def hashed(*parts: str) -> str:
            return digest(":".join(parts).encode()).hexdigest()

        secret = hashed(self.who.user, asked["realm"], self.who.password)
        wanted = hashed(
            secret, told["nonce"], told["nc"], told["cnonce"], told["qop"], hashed(method, told["uri"])
        )
        return told["response"] == wanted


def challenge(algorithm: str, nonce: str = "60dc2c69") -> str:
    return f'Digest qop="auth", realm="shellyplus1-a8032abe54dc", nonce="{nonce}", algorithm={algorithm}'


@pytest.mark.parametrize("asked", [BASIC, challenge("MD5"), challenge("SHA-256")])
def test_who_is_asked_answers_and_from_then_on_without_being_asked(asked: str) -> None:
    device = Guarded(asked)
    exchange = authenticated(device, WHO)
    targets = ("/rpc/Switch.GetStatus?id=0", "/rpc/Switch.Set?id=0&on=false")
    assert [exchange("GET", target).status for target in targets] == [200, 200]
    assert [said is not None for said in device.heard] == [False, True, True]


def test_each_request_under_one_nonce_is_counted() -> None:
    device = Guarded(challenge("SHA-256"))
    exchange = authenticated(device, WHO)
    for _ in range(3):
        exchange("GET", "/rpc")
    counts = [said.partition("nc=")[2][:8] for said in device.heard if said]
    assert counts == ["00000001", "00000002", "00000003"]


def test_a_new_nonce_is_answered_anew() -> None:
    device = Guarded(challenge("SHA-256", "first"))
    exchange = authenticated(device, WHO)
    exchange("GET", "/rpc")
    device.challenge = challenge("SHA-256", "second")
    assert exchange("GET", "/rpc").status == 200
    assert len(device.heard) == 4


@pytest.mark.parametrize("asked", [BASIC, challenge("MD5"), challenge("SHA-256")])
def test_a_wrong_password_is_tried_once_a_request_and_the_refusal_handed_on(asked: str) -> None:
    device = Guarded(asked, Credentials("admin", "another"))
    exchange = authenticated(device, WHO)
    assert exchange("GET", "/rpc").status == 401
    assert len(device.heard) == 2
    assert exchange("GET", "/rpc").status == 401
    assert len(device.heard) == 3


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "Negotiate",
        "Digest",
        'Digest realm="x"',
        challenge("SHA-512-256"),
        'Digest realm="x", nonce="y", qop="auth-int"',
        "Digest =,=,",
    ],
)
def test_a_challenge_that_cannot_be_answered_is_handed_on(asked: str) -> None:
    device = Guarded(asked)
    assert authenticated(device, WHO)("GET", "/rpc").status == 401
    assert device.heard == [None]


def test_what_is_allowed_is_not_asked_twice() -> None:
    heard: list[Mapping[str, str]] = []

    def open_device(
        _method: str, _target: str, _body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        heard.append(headers)
        return HttpAnswer(404, b"")

    assert authenticated(open_device, WHO)("GET", "/", b"", {"Accept": "x"}).status == 404
    assert heard == [{"Accept": "x"}]


def test_basic_beforehand_is_the_rfcs_example() -> None:
    device = Guarded(BASIC)
    with_basic(device, Credentials("Aladdin", "open sesame"))("GET", "/cm")
    assert device.heard == ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_digest_is_that_of_rfc_7616(algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = _Digest(Credentials("Mufasa", "Circle of Life"))
    monkeypatch.setattr(digest, "get_cnonce", lambda _nonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    asked = (
        'realm="http-auth@example.org", qop="auth-int, auth", '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        f'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm={algorithm}'
    )
    said = digest.answer(asked, "GET", "/dir/index.html")
    assert said is not None
    assert f'response="{response}"' in said


def test_neither_name_nor_password_is_shown() -> None:
    device = Guarded(challenge("SHA-256"))
    authenticated(device, WHO)("GET", "/rpc")
    assert WHO.password not in "".join(said or "" for said in device.heard)
    assert WHO.password not in repr(WHO)
