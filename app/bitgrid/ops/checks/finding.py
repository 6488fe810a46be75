"""What a check found, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing was found."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


MARKS = {Verdict.OK: "✓", Verdict.WARN: "!", Verdict.ERROR: "✗"}


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Args:
        subject: what was looked at, in a word or two.
        verdict: how it was found.
        text: what was found.
        advice: what it means and what to do; empty when all is well.
        command: what to type to mend it; empty when nothing typed mends it.
    """

    subject: str
    verdict: Verdict
    text: str
    advice: str = ""
    command: str = ""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(subject, Verdict.OK, text)


def warn(subject: str, text: str, advice: str, command: str = "") -> Finding:
    """It works, but somebody should know."""
    return Finding(subject, Verdict.WARN, text, advice, command)


def error(subject: str, text: str, advice: str, command: str = "") -> Finding:
    """It does not work."""
    return Finding(subject, Verdict.ERROR, text, advice, command)


def render(findings: Iterable[Finding]) -> str:
    """A line each, with advice and command below where there is something to mend."""
    lines = []
    for one in findings:
        lines.append(f"{MARKS[one.verdict]} {one.subject:<16}{one.text}")
        lines += [f"{'':<18}{line}" for line in (one.advice, one.command and f"$ {one.command}") if line]
    return "\n".join(lines)
