"""What a bundle holds and under which names; docs/research.md says it for people. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SCHEMA = 1
ARCHIVE, CONFIGURATIONS, FORECASTS = "archive", "configurations", "forecasts"
ABOUT, SUMS, SIGNATURE = "bundle.json", "SHA256SUMS", "SHA256SUMS.sig"
MANIFEST = f"{ARCHIVE}/manifest.jsonl"
KINDS = ("telemetry", "states", "decisions", "energy_to_value", "events", "explain_sessions")
DEFAULT_KINDS = ("states", "decisions", "energy_to_value", "events")
_HASH = r"[0-9a-f]{64}"
_MEMBERS = re.compile(
    rf"({re.escape(MANIFEST)}|{ARCHIVE}/({'|'.join(KINDS)})/\d{{4}}-\d\d-\d\d\.parquet|{re.escape(ABOUT)}"
    rf"|({CONFIGURATIONS}|{FORECASTS})/{_HASH}\.json|{SUMS}|{re.escape(SIGNATURE)})"
)


@dataclass(frozen=True)
class Scope:
    """What is asked for: kinds of the archive, and a period in UTC epoch seconds, the end left out."""

    kinds: tuple[str, ...]
    from_s: int
    to_s: int


def belongs(name: str) -> bool:
    """Whether a bundle may hold a file of this name."""
    return _MEMBERS.fullmatch(name) is not None


def day_path(kind: str, day: str) -> str:
    """Where a day of a kind is."""
    return f"{ARCHIVE}/{kind}/{day}.parquet"


def sums_text(sums: Mapping[str, str]) -> bytes:
    """The sums as a file, as `sha256sum --check` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode("ascii")
