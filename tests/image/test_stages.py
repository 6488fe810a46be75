"""Stages are made once for their inputs, and whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bitgrid_image.errors import ImageError
from bitgrid_image.stages import Stage, remove


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "below").mkdir(parents=True)
    (tree / "below" / "file").write_text("one")
    (tree / "link").symlink_to("below")
    return tree


def stage(*inputs: str | Path, made: list[Path] | None = None) -> Stage:
    def make(place: Path) -> None:
        (place / "result").write_text("done")
        if made is not None:
            made.append(place)

    return Stage("base", inputs, make)


def test_it_is_made_once(tree: Path, tmp_path: Path) -> None:
    made, told = list[Path](), list[str]()
    first = stage("arm64", tree, made=made).made(tmp_path / "cache", told.append)
    again = stage("arm64", tree, made=made).made(tmp_path / "cache", told.append)
    assert (first, len(made)) == (again, 1)
    assert (first / "result").read_text() == "done"
    assert [line.split(" (")[0] for line in told] == ["base: is made", "base: as it was"]


def test_times_do_not_count(tree: Path) -> None:
    before = stage(tree).key
    os.utime(tree / "below" / "file", (5, 5))
    assert stage(tree).key == before


def test_whatever_it_is_made_from_counts(tree: Path) -> None:
    keys = [stage("x", tree).key, stage("y", tree).key, stage("xy").key, stage("x", "y").key]
    (tree / "below" / "file").write_text("two")
    keys.append(stage("x", tree).key)
    (tree / "below" / "file").chmod(0o755)
    keys.append(stage("x", tree).key)
    (tree / "below" / "file").rename(tree / "below" / "other")
    keys.append(stage("x", tree).key)
    (tree / "link").unlink()
    (tree / "link").symlink_to("elsewhere")
    keys.append(stage("x", tree).key)
    assert len(set(keys)) == len(keys)


def test_of_one_that_failed_nothing_is_left(tmp_path: Path) -> None:
    def make(place: Path) -> None:
        (place / "half").write_text("of it")
        raise ImageError("the mirror is away")

    with pytest.raises(ImageError, match="the mirror is away"):
        Stage("base", ("x",), make).made(tmp_path / "cache", lambda _: None)
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_input_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is not there"):
        stage(tmp_path / "nowhere").made(tmp_path / "cache", lambda _: None)


def test_nothing_is_removed_through_a_mount() -> None:
    with pytest.raises(ImageError, match=r"/proc.* is mounted still"):
        remove(Path("/proc"))
