"""The password of a simulated device: whoever does not know it is answered 401 and asked who he is.

Basic as RFC 7617 has it, digest with SHA-256 as RFC 7616 has it and Shelly's Gen2 documentation describes. A nonce
is good for a while, then another one is asked with, as real ones do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.request import parse_http_list, parse_keqv_list

from bitgrid.config.secrets import Credentials
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer, HttpExchange

Scheme = Literal["basic", "digest"]
NONCE_LASTS_S = 600
REALM = "plant"


class GuardedFace:
    """A face behind a password: an `HttpExchange`.

    Args:
        face: the device.
        credentials: whom it lets in.
        scheme: how it asks.
        now: the house's time, UTC epoch seconds.
    """

    def __init__(
        self, face: HttpExchange, credentials: Credentials, scheme: Scheme, now: Callable[[], int]
    ) -> None:
        self._face, self._who, self._scheme, self._now = face, credentials, scheme, now

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        answer = self._face(method, target, body, headers) if self._knows(method, target, headers) else None
        return answer or HttpAnswer(401, b"", {"www-authenticate": self._challenge()})

    def _challenge(self) -> str:
        if self._scheme == "basic":
            return f'Basic realm="{REALM}"'
        return f'Digest qop="auth", realm="{REALM}", nonce="{self._nonce()}", algorithm=SHA-256'

    def _nonce(self) -> str:
        return f"{self._now() // NONCE_LASTS_S:x}"

    def _knows(self, method: str, target: str, headers: Mapping[str, str]) -> bool:
        scheme, _, said = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self._scheme:
            return False
        if self._scheme == "basic":
            return said == base64.b64encode(f"{self._who.user}:{self._who.password}".encode()).decode()
        told = parse_keqv_list(parse_http_list(said))
        return told.get("nonce") == self._nonce() and told.get("response") == self._response(told, method, target)

    def _response(self, told: Mapping[str, str], method: str, target: str) -> str:
        secret = _hash(self._who.user, REALM, self._who.password)
        return _hash(
            secret, self._nonce(), told.get("nc", ""), told.get("cnonce", ""), "auth", _hash(method, target)
        )


def _hash(*parts: str) -> str:
    return hashlib.sha256(":".join(parts).encode()).hexdigest()
