"""Run by itself in some network: a browser, as far as a test needs one. Requests in, answers out, as JSON."""

from __future__ import annotations

import http.client
import json
import ssl
import sys
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

NAME = "bitgrid.local"


def ask(told: dict[str, Any], request: dict[str, Any], cookies: dict[str, str]) -> dict[str, Any]:
    """One request; cookies are kept in ``cookies``."""
    context = ssl.create_default_context(cafile=told["ca_file"]) if told.get("ca_file") else None
    if context is None:
        context = ssl._create_unverified_context()  # noqa: S323  before the authority is known
    connection = http.client.HTTPSConnection(
        told["address"], 443, timeout=20, context=context, source_address=(told["source"], 0)
    )
    headers = {"Host": NAME, "Origin": f"https://{NAME}", **request.get("headers", {})}
    if cookies and request.get("with_cookies", True):
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    body = None
    if "form" in request:
        body, headers["Content-Type"] = urlencode(request["form"], doseq=True), "application/x-www-form-urlencoded"
    elif "json" in request:
        body, headers["Content-Type"] = json.dumps(request["json"]), "application/json"
    try:
        connection.request(request.get("method", "GET"), request["path"], body, headers)
        answer = connection.getresponse()
        text = "" if answer.status == http.client.SWITCHING_PROTOCOLS else answer.read().decode(errors="replace")
    finally:
        connection.close()
    for line in answer.headers.get_all("Set-Cookie") or []:
        cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
    return {"status": answer.status, "headers": dict(answer.headers.items()), "text": text}


def main() -> None:
    """All of them, in their order."""
    told = json.load(sys.stdin)
    cookies: dict[str, str] = told["cookies"]
    answers = [ask(told, request, cookies) for request in told["requests"]]
    json.dump({"answers": answers, "cookies": cookies}, sys.stdout)


if __name__ == "__main__":
    main()
