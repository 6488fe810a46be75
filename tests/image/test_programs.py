from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bitgrid_image.errors import ImageError
from bitgrid_image.programs import run

TELLS = "import os; print(sorted(name for name in os.environ if name.startswith('OF_')))"


def test_what_it_says_is_given_where_it_stands_and_what_it_reads_is_told(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import os; print(os.getcwd(), input())"]
    assert run(words, stdin="told\n", cwd=tmp_path) == f"{tmp_path} told\n"


def test_what_is_not_for_it_is_kept_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_MINE", "1")
    words = [sys.executable, "-c", TELLS]
    assert run(words, {"OF_ITS": "1"}) == "['OF_ITS', 'OF_MINE']\n"
    assert run(words, {"OF_ITS": "1"}, keeps=lambda name: not name.startswith("OF_")) == "['OF_ITS']\n"


def test_one_that_is_not_there_is_named() -> None:
    with pytest.raises(ImageError, match="this machine lacks no-such-program"):
        run(["no-such-program", "now"])


def test_one_that_fails_is_told_of_with_the_end_of_what_it_said() -> None:
    script = "import sys; [print(line) for line in range(100)]; sys.exit('why it failed')"
    with pytest.raises(ImageError) as caught:
        run([sys.executable, "-c", script])
    said = str(caught.value).splitlines()
    assert "ended with 1" in str(caught.value)
    assert (said[-1], said[-2], "\n5\n" in str(caught.value)) == ("why it failed", "99", False)
