"""From an order to files: what they are called, which time they have, and that a lock is held by what it locks."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import bitgrid
from bitgrid_image import base, making
from bitgrid_image.base import LOCK, Mirror
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.making import Order, commit_time_s, make, write_lock
from bitgrid_image.model import Library
from bitgrid_image.packages import parse
from bitgrid_image.stages import Stage

LINE = "bash amd64 5.2-1 " + "ab" * 32 + "\n"


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(Machine.AMD64, Mirror("http://debian.example", "http://security.example"), tmp_path / "dist")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What mmdebstrap would have been called for; it makes a root with one package."""
    called: list[str] = []

    def run(words: list[str], epoch_s: int) -> None:
        called.append(f"{words[0]} {epoch_s}")
        root = Path(words[-4])
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "var/lib/apt/lists").mkdir(parents=True)
        (root / "etc").mkdir()
        name = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n"
        (root / "var/lib/dpkg/status").write_text(name)
        (root / "var/lib/apt/lists/x_Packages").write_text(name + f"SHA256: {'ab' * 32}\n")

    monkeypatch.setenv("BITGRID_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(base, "_run", run)
    monkeypatch.setattr(base, "_need", lambda _machine: None)
    monkeypatch.setattr(making, "tools", lambda _mirror: None)
    monkeypatch.setattr(making, "lock_of", lambda machine: tmp_path / f"{machine}.lock")
    return called


def test_files_are_called_by_version_and_machine(order: Order) -> None:
    assert order.name == f"bitgrid-{bitgrid.__version__}-amd64"
    assert order.card.is_gpt


def test_the_language_model_s_library_is_compiled_only_for_who_wants_it(
    order: Order, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def stage(library: Library) -> Stage:
        return Stage("model", (), lambda _place: asked.append(f"{library.machine} {library.mirror}"))

    monkeypatch.setenv("BITGRID_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Library, "stage", stage)
    assert making._model(order, lambda _line: None) is None
    assert asked == []
    found = making._model(replace(order, has_model=True), lambda _line: None)
    assert found is not None
    assert found.parent == tmp_path / "cache"
    assert asked == ["amd64 http://debian.example"]


def test_the_time_is_that_of_the_last_commit_and_of_what_it_touched() -> None:
    words = ["git", "-C", str(making.PROJECT), "log", "-1", "--format=%ct"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert commit_time_s() == int(told)
    assert 1_700_000_000 < commit_time_s(making.LISTS / "amd64.txt") <= commit_time_s()


def test_a_lock_names_what_the_mirror_gives_and_the_next_root_is_that_one(
    order: Order, made: list[str], tmp_path: Path
) -> None:
    lock = write_lock(order, lambda _line: None)
    assert lock == tmp_path / "amd64.lock"
    assert [one.name for one in parse(lock.read_text())] == ["bash"]
    again = making._base(order, lock).made(tmp_path / "cache", lambda _line: None)
    assert (again / LOCK).read_text() == lock.read_text()
    assert len(made) == 1, "it was there already"


def test_other_packages_than_those_locked_are_no_image(order: Order, made: list[str], tmp_path: Path) -> None:
    (tmp_path / "amd64.lock").write_text(LINE.replace("5.2-1", "5.2-2"))
    with pytest.raises(ImageError, match=r"bash: 5\.2-2 .* is locked, 5\.2-1 .* was found"):
        make(order, lambda _line: None)
    assert made
    assert [path.name for path in (tmp_path / "cache").iterdir()] == []
    assert not order.dist.exists()


def test_without_a_lock_there_is_no_image(order: Order, made: list[str]) -> None:
    with pytest.raises(ImageError, match=r"amd64\.lock"):
        make(order, lambda _line: None)
    assert made == []
