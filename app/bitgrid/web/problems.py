"""Refusals, said as problem+json (RFC 9457) to programs and in plain words to people."""

from __future__ import annotations

from typing import Any

from flask import Response, json


class Refusal(Exception):
    """A request that is not carried out; it changed nothing.

    Args:
        status: HTTP status.
        code: the reason, for programs.
        detail: what happened, what it means and what to do, for people.
        more: further members of the problem.
    """

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more


def is_programs(path: str) -> bool:
    """Whether an address is for programs, who are told in JSON what people are told in words."""
    return path.startswith("/api/") or path == "/metrics"


def as_json(refusal: Refusal, allow: str | None = None) -> Response:
    """The answer to a program; ``allow`` names the methods there are, where another one was used."""
    body = {
        "type": f"urn:bitgrid:problem:{refusal.code}",
        "title": refusal.code.replace("_", " "),
        "status": refusal.status,
        "detail": refusal.detail,
        **refusal.more,
    }
    response = Response(json.dumps(body), refusal.status, content_type="application/problem+json")
    if "retry_after_s" in refusal.more:
        response.headers["Retry-After"] = str(refusal.more["retry_after_s"])
    if allow is not None:
        response.headers["Allow"] = allow
    return response
