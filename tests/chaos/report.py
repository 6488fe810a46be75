"""docs/chaos.md: what was played and measured, written between its markers; the words around them are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.kinds import Kind
from chaos.measure import Figures, figures
from chaos.outcome import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "chaos.md"
_HEAD = (
    "| Fault, alone in its run | Runs | Went off | Worst, s | p99, s | Bound, s |",
    "|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Played:
    """All runs of one world; ``took_s`` in seconds of the machine."""

    world: str
    pace: str
    date: str
    first_seed: int
    outcomes: Sequence[Outcome]
    skipped: Mapping[Kind, str]
    took_s: float


def render(played: Played) -> str:
    """The part of the page that belongs to one world."""
    return "\n".join(_lines(played))


def write(played: Played, page: Path = PAGE) -> None:
    """Put the measured part into the page.

    Raises:
        ValueError: the page has no place for it.
    """
    text, begin, end = page.read_text(encoding="utf-8"), *_markers(played.world)
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{page} has no {begin} … {end}; put these two lines where the figures belong")
    filled = f"{begin}\n{render(played)}\n{end}"
    page.write_text(pattern.sub(lambda _found: filled, text), encoding="utf-8")


def _markers(world: str) -> tuple[str, str]:
    return f"<!-- measured: {world} -->", f"<!-- end: {world} -->"


def _lines(played: Played) -> Iterator[str]:
    runs, last = len(played.outcomes), played.first_seed + len(played.outcomes) - 1
    strikes = sum(len(outcome.story.strikes) for outcome in played.outcomes)
    broken = sum(not outcome.is_good for outcome in played.outcomes)
    yield (
        f"{played.date}: {runs} runs, seeds {played.first_seed} to {last}, {strikes} strikes, {played.pace}; "
        f"took {played.took_s / 60:.1f} min. The invariant was broken in {broken} of them."
    )
    yield ""
    yield from _HEAD
    yield from map(_line, figures(played.outcomes))
    for kind, reason in played.skipped.items():
        yield f"\nNot played here: {kind.value} ({reason})."


def _line(found: Figures) -> str:
    bound = "runs on" if found.bound_s is None else f"{found.bound_s}"
    counts = f"{found.alone} | {found.went_off}"
    return f"| {found.kind.value} | {counts} | {_seconds(found.worst_s)} | {_seconds(found.p99_s)} | {bound} |"


def _seconds(time_s: float | None) -> str:
    return "–" if time_s is None else f"{time_s:.0f}"
