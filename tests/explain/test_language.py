from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bitgrid.explain.language import LANGUAGES, Texts
from bitgrid.explain.sentences import TEXTS_DIRECTORY


def texts(directory: Path, english: str, german: str = "a = ä\n") -> Texts:
    (directory / "en.ftl").write_text(english, encoding="utf-8")
    (directory / "de.ftl").write_text(german, encoding="utf-8")
    return Texts(directory)


def test_both_languages_have_the_same_texts() -> None:
    spoken = Texts(TEXTS_DIRECTORY)
    german, english = (spoken.keys(language) for language in LANGUAGES)
    assert german == english


def test_a_missing_text_is_shown_by_its_key_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert texts(tmp_path, "a = one\n").say("en", "b") == "b"
    assert "no text b" in caplog.text


def test_a_missing_value_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        texts(tmp_path, "a = one { $thing }\n").say("en", "a")
    assert "thing" in caplog.text


def test_a_file_that_is_not_fluent_is_refused_with_its_text(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"en\.ftl.*broken"):
        texts(tmp_path, "a = one\nbroken line\n")


def test_a_part_s_texts_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "room.en.ftl").write_text("b = two\n", encoding="utf-8")
    spoken = texts(tmp_path, "a = one\n")
    assert (spoken.say("en", "a"), spoken.say("en", "b")) == ("one", "two")
    assert not spoken.knows("de", "b")


def test_a_text_stands_in_one_file_only(tmp_path: Path) -> None:
    (tmp_path / "room.en.ftl").write_text("a = two\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"room\.en\.ftl: a stands in another file"):
        texts(tmp_path, "a = one\n")


def test_no_invisible_isolation_marks_are_put_around_values(tmp_path: Path) -> None:
    assert texts(tmp_path, "a = <{ $x }>\n").say("en", "a", x="y") == "<y>"
