"""What protects every page, before anybody is asked who they are: host, origin and headers."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, request

from bitgrid.config.network import WebServer
from bitgrid.web.problems import Refusal

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
PAGE_COOKIE = "bitgrid_page"
_COOKIE_MAX_AGE_S = 400 * 86_400

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: browsers would then send "Origin: null" with the page's own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def protect(app: Flask, web: WebServer) -> None:
    """Check every request of an application, and put the headers on every answer."""
    names = LOOPBACK_NAMES | {f"[{host}]" if ":" in host else host.lower() for host in (web.host, *web.names)}

    def check() -> None:
        _check_host(names, addresses_too=web.proxy or bool(web.names))
        _check_origin()

    app.before_request(check)
    app.after_request(_add_headers)


def hand_out_cookie(response: Response) -> None:
    """Mark a browser that has loaded the page; another site's request never carries the mark."""
    response.set_cookie(
        PAGE_COOKIE, "1", max_age=_COOKIE_MAX_AGE_S, samesite="Strict", httponly=True, secure=request.is_secure
    )


def check_form() -> None:
    """Let a form through only from a page of ours: same origin, said by the browser, and our cookie.

    Raises:
        Refusal: 403; nothing was done.
    """
    said_so = "Origin" in request.headers or request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not said_so or PAGE_COOKIE not in request.cookies:
        raise Refusal(
            403,
            "not_our_page",
            "This did not come from BitGrid's own page, so nothing was done. "
            "Open BitGrid anew, allow its cookie, and press the button again.",
        )


def _check_host(names: frozenset[str], *, addresses_too: bool) -> None:
    """Answer to our own names only: a foreign name that resolves to us is an attack (DNS rebinding).

    A bare address resolves to nothing, so it cannot be one.
    """
    name = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if name.lower() not in names and not (addresses_too and _is_address(name)):
        raise Refusal(
            421,
            "unknown_host",
            f"BitGrid does not answer to the name {name!r}. Use http://127.0.0.1 with its port, "
            "or add the name you use to web.names in site.yaml.",
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _check_origin() -> None:
    """Whatever a browser sends from another site is refused; reading too, where it says its origin."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refusal(403, "foreign_origin", f"This came from another site ({origin!r}), so nothing was done.")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
