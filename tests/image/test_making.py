"""From an order to files: what they are called, which time they have, and that a lock is held by what it locks."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import bitgrid
from bitgrid_image import base, making, raspios
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
    monkeypatch.setattr(base, "need", lambda _machine: None)
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


def test_one_of_raspberry_pi_os_has_a_name_a_layout_and_updates_of_its_own(tmp_path: Path) -> None:
    mirror = Mirror("http://debian.example", "http://security.example")
    debian, pi = (Order(Machine.ARM64, mirror, tmp_path, None, base) for base in (None, tmp_path / "pi.img.xz"))
    assert pi.name == f"bitgrid-{bitgrid.__version__}-arm64-raspios"
    assert (debian.system, pi.system) == ("arm64", "arm64-raspios")
    assert pi.card.disk_id != debian.card.disk_id
    assert debian.card.size_mib < pi.card.size_mib < 7_500_000_000 >> 20


def test_raspberry_pi_os_is_for_a_raspberry_pi(order: Order, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="runs on no amd64: leave BASE away"):
        make(replace(order, base=tmp_path / "pi.img.xz"), lambda _line: None)


def test_a_key_that_can_sign_nothing_is_refused_before_anything_is_made(
    order: Order, made: list[str], tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text("none")
    with pytest.raises(ImageError, match="cannot sign an update"):
        make(replace(order, key=tmp_path / "key.pem"), lambda _line: None)
    assert made == []


def test_a_lock_is_of_debian_alone(order: Order, made: list[str], tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="leave BASE away"):
        write_lock(replace(order, base=tmp_path / "pi.img.xz"), lambda _line: None)
    assert made == []


def test_it_is_made_from_the_owners_file_and_held_against_no_lock(
    made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pi.img.xz").write_text("none")
    monkeypatch.setattr(raspios, "need", lambda _machine: None)
    mirror = Mirror("http://debian.example", "http://security.example")
    with pytest.raises(ImageError, match=r"pi\.img\.xz cannot be unpacked"):
        make(Order(Machine.ARM64, mirror, tmp_path / "dist", None, tmp_path / "pi.img.xz"), lambda _line: None)
    assert made == [], "no mmdebstrap was called"
    assert list((tmp_path / "cache").iterdir()) == []


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


def test_a_lock_is_written_of_what_the_mirror_gives_that_day(
    order: Order, made: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Three days: on the second nothing is new, on the third something is; each time the mirror is asked."""
    first = write_lock(order, lambda _line: None).read_text()
    assert write_lock(order, lambda _line: None).read_text() == first
    run = base._run

    def newer(words: list[str], epoch_s: int) -> None:
        run(words, epoch_s)
        for path in (Path(words[-4]) / "var/lib").rglob("*"):
            if path.is_file():
                path.write_text(path.read_text().replace("5.2-1", "5.2-1+deb13u1"))

    monkeypatch.setattr(base, "_run", newer)
    assert [one.version for one in parse(write_lock(order, lambda _line: None).read_text())] == ["5.2-1+deb13u1"]
    assert len(made) == 3
    left = [path.name for path in (tmp_path / "cache").iterdir()]
    assert len(left) == 2, "one for each lock, and nothing that a later one would be taken from"


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
