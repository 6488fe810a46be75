"""Exchanges with devices that ask who one is: HTTP basic (RFC 7617) and digest with MD5 or SHA-256 (RFC 7616).

The digest itself is the standard library's: its handler is given the two things that it lacks in the Pythons this
runs on, SHA-256 (which Shelly Gen2 asks for) and names and passwords that are not ASCII. Both end where the
network does: over plain HTTP who stands in the middle can ask for basic and is then told the password.

May touch: headers. Names and passwords appear in no error, no log and no address.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from urllib.error import URLError
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
)

from bitgrid.config.secrets import Credentials
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer, HttpExchange

_UNAUTHORIZED = 401
_NOWHERE = "http://device"
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def authenticated(exchange: HttpExchange, credentials: Credentials) -> HttpExchange:
    """The same exchange, which answers when it is asked who it is; at most two requests for one.

    A digest's challenge is kept and answered beforehand from then on, until the device gives another one. Where
    the device asks for a way that is not known, or does not accept the answer, its 401 is handed on.

    Args:
        exchange: how the device is reached.
        credentials: who one is to it.
    """
    digest = _Digest(credentials)
    challenge = ""

    def answered(
        method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        nonlocal challenge
        known = _answer_to(challenge, digest, credentials, method, target)
        answer = exchange(method, target, body, _with(headers, known))
        asked = answer.headers.get("www-authenticate", "")
        if answer.status != _UNAUTHORIZED or not asked or asked == challenge:
            return answer
        authorization = _answer_to(asked, digest, credentials, method, target)
        if authorization is None:
            return answer
        challenge = asked
        return exchange(method, target, body, _with(headers, authorization))

    return answered


def with_basic(exchange: HttpExchange, credentials: Credentials) -> HttpExchange:
    """The same exchange, which says at once who it is: for devices that refuse without asking (Tasmota).

    Args:
        exchange: how the device is reached.
        credentials: who one is to it.
    """

    def answered(
        method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        return exchange(method, target, body, _with(headers, _basic(credentials)))

    return answered


def _with(headers: Mapping[str, str], authorization: str | None) -> Mapping[str, str]:
    return headers if authorization is None else dict(headers) | {"Authorization": authorization}


def _answer_to(challenge: str, digest: _Digest, credentials: Credentials, method: str, target: str) -> str | None:
    """What to say to a challenge; None to none, or to one of an unknown kind."""
    scheme, _, parameters = challenge.partition(" ")
    if scheme.lower() == "basic":
        return _basic(credentials)
    return digest.answer(parameters, method, target) if scheme.lower() == "digest" else None


def _basic(credentials: Credentials) -> str:
    said = f"{credentials.user}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(said).decode('ascii')}"


class _Digest(AbstractDigestAuthHandler):
    """The standard library's digest, with SHA-256 and UTF-8."""

    def __init__(self, credentials: Credentials) -> None:
        passwords = HTTPPasswordMgrWithDefaultRealm()
        # None stands for every realm.
        passwords.add_password(None, _NOWHERE, credentials.user, credentials.password)
        super().__init__(passwords)

    def answer(self, parameters: str, method: str, target: str) -> str | None:
        """The value of the Authorization header; None where the challenge cannot be answered."""
        try:
            challenge = parse_keqv_list(parse_http_list(parameters))
            if "qop" in challenge:
                challenge["qop"] = challenge["qop"].replace(" ", "")
            said = self.get_authorization(Request(_NOWHERE + target, method=method), challenge)  # noqa: S310  is not opened
        except (ValueError, IndexError, URLError):
            return None
        return f"Digest {said}" if said else None

    def get_algorithm_impls(self, algorithm: str) -> tuple[Callable[[str], str], Callable[[str, str], str]]:
        """The hash, and the hash of two joined, that a challenge asks for.

        Raises:
            ValueError: another one.
        """
        if algorithm.upper() not in _HASHES:
            raise ValueError("unknown algorithm")
        digest = _HASHES[algorithm.upper()]

        def hashed(text: str) -> str:
            return digest(text.encode(), usedforsecurity=False).hexdigest()

        return hashed, lambda secret, data: hashed(f"{secret}:{data}")
