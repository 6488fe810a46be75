"""Counting, and the page the figures go to."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.kinds import Kind
from chaos.measure import Figures, figures, nearest_rank
from chaos.outcome import Outcome, ToOff
from chaos.report import PAGE, Played, write
from chaos.story import story

MEASURED = [10.0, 12.0, None, 33.0]
OUTCOMES = [
    Outcome(story(seed), "", ("broken",) if seed == 3 else (), (ToOff(Kind.RULES_KILLED, seconds),))
    for seed, seconds in enumerate(MEASURED)
]
PLAYED = Played("held", "clock held", "2025-05-14", 0, OUTCOMES, {Kind.PARTITION: "no root"}, 90.0)


def test_worst_p99_and_how_many_went_off() -> None:
    assert figures(OUTCOMES) == [Figures(Kind.RULES_KILLED, 4, 3, 33.0, 33.0, 60)]


@pytest.mark.parametrize(("percent", "rank"), [(50, 50.0), (99, 99.0), (100, 100.0), (0, 1.0)])
def test_the_nearest_rank(percent: float, rank: float) -> None:
    assert nearest_rank([float(value) for value in range(1, 101)], percent) == rank


def test_the_page_takes_the_figures_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "chaos.md"
    page.write_text("before\n<!-- measured: held -->\nold\n<!-- end: held -->\nafter\n", encoding="utf-8")
    write(PLAYED, page)
    text = page.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "4 runs, seeds 0 to 3" in text
    assert "broken in 1 of them" in text
    assert "| rules killed | 4 | 3 | 33 | 33 | 60 |" in text
    assert "Not played here: network cut (no root)." in text
    write(PLAYED, page)
    assert page.read_text(encoding="utf-8") == text


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "chaos.md"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="put these two lines"):
        write(PLAYED, page)


@pytest.mark.parametrize("world", ["held", "real"])
def test_the_page_has_a_place_for_each_world(world: str) -> None:
    assert f"<!-- measured: {world} -->\n" in PAGE.read_text(encoding="utf-8")
