"""The language model's library: how it is compiled, what is kept, and who may read it. Nothing is compiled here.

That it computes is tried where it runs: tests/image/booted/test_model.py.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitgrid_image import model
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.model import EPOCH_S, PLACE, Library, command, packages, put, unpack
from bitgrid_image.pins import Pins
from bitgrid_image.tools import tools

PINS = Pins("llama-cpp-python==1\n", "scikit-build-core==5\n", "numpy==2\n")
RECIPE = 'set(LLAMA_BUILD_COMMON ON CACHE BOOL "x" FORCE)\n'
WHEEL = "llama_cpp_python-1-py3-none-linux_aarch64.whl"


def environment(machine: Machine) -> dict[str, str]:
    """What the compilers are told, by name."""
    words = command(machine)
    return dict(word.split("=", 1) for word in words[2 : words.index("unshare")])


@dataclass
class Compilers:
    """They note what they are asked for, and leave a wheel; ``broken`` ones do not."""

    broken: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *words: str, places: Mapping[str, Path], epoch_s: int) -> None:
        assert epoch_s == EPOCH_S
        self.asked.append(words)
        if self.broken:
            raise ImageError("env ended with 1: cannot execute 'as'")
        if "library" in places:
            assert (places["library"] / "source/CMakeLists.txt").read_text() == RECIPE.replace(" ON ", " OFF ")
            (places["library"] / "wheel" / WHEEL).write_text("compiled")


@pytest.fixture
def compilers(monkeypatch: pytest.MonkeyPatch) -> Compilers:
    """Compilers, and packages that come from nowhere."""
    found = Compilers()

    def fetch(_pins: Pins, work: Path) -> Path:
        return archive(work, RECIPE)

    def install(_pins: Pins, wheel: Path, machine: Machine, target: Path) -> None:
        for name in ("llama_cpp/lib/libllama.so", "bin/numpy-config", "include/llama.h", "lib/libllama.so.0"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(f"{wheel.read_text()} for {machine}")

    monkeypatch.setattr(model, "pins", lambda _machine: PINS)
    monkeypatch.setattr(model, "fetch_source", fetch)
    monkeypatch.setattr(model, "install", install)
    monkeypatch.setattr(model, "tools", lambda *_words: found)
    return found


def archive(place: Path, recipe: str) -> Path:
    """The library's source, as it is fetched."""
    (place / "CMakeLists.txt").write_text(recipe)
    with tarfile.open(place / "source.tar.gz", "w:gz") as file:
        file.add(place / "CMakeLists.txt", "llama_cpp_python-1/CMakeLists.txt")
    return place / "source.tar.gz"


class TestCommand:
    def test_it_is_compiled_for_the_image_s_machine_whatever_this_one_is(self) -> None:
        for machine, processor in {Machine.ARM64: "aarch64", Machine.AMD64: "x86_64"}.items():
            told = environment(machine)
            assert told["CXX"] == f"{processor}-linux-gnu-g++"
            assert f"-DCMAKE_SYSTEM_PROCESSOR={processor}" in told["CMAKE_ARGS"]
            assert told["_PYTHON_HOST_PLATFORM"] == f"linux-{processor}"
            assert f"g++-{processor.replace('_', '-')}-linux-gnu" in packages(machine)

    @pytest.mark.parametrize("machine", Machine)
    def test_nothing_is_taken_from_the_processor_or_the_place_it_is_compiled_on(self, machine: Machine) -> None:
        told = environment(machine)
        assert "-DGGML_NATIVE=OFF" in told["CMAKE_ARGS"].split()
        assert told["CFLAGS"] == told["CXXFLAGS"] == "-ffile-prefix-map=/mnt/library=."
        assert "unshare --net" in " ".join(command(machine))

    def test_no_processor_that_numpy_runs_on_is_left_out(self) -> None:
        assert "-DGGML_CPU_ARM_ARCH=armv8-a" in environment(Machine.ARM64)["CMAKE_ARGS"].split()
        options = environment(Machine.AMD64)["CMAKE_ARGS"].split()
        assert "-DGGML_SSE42=ON" in options, "without it nothing runs anyway: numpy's wheels ask for x86-64-v2"
        for newer in ("AVX", "AVX2", "BMI2", "FMA", "F16C"):
            assert f"-DGGML_{newer}=OFF" in options


class TestStage:
    def test_the_wheel_is_kept_and_the_model_s_directory_has_what_is_loaded(
        self, compilers: Compilers, tmp_path: Path
    ) -> None:
        place = Library(Machine.ARM64, "http://debian.example").stage().made(tmp_path, lambda _line: None)
        files = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
        assert files == ["model/llama_cpp/lib/libllama.so", f"wheel/{WHEEL}"]
        assert (place / "model/llama_cpp/lib/libllama.so").read_text() == "compiled for arm64"
        assert compilers.asked[0] == tuple(command(Machine.ARM64))
        assert "compileall" in compilers.asked[1]
        assert f"/{PLACE}" in compilers.asked[1]

    def test_what_does_not_compile_is_not_there_half(self, compilers: Compilers, tmp_path: Path) -> None:
        compilers.broken = True
        with pytest.raises(ImageError, match="cannot execute 'as'"):
            Library(Machine.ARM64, "http://debian.example").stage().made(tmp_path, lambda _line: None)
        assert list(tmp_path.iterdir()) == []

    def test_it_is_another_one_for_another_machine_source_or_recipe_and_none_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = []
        for found in (PINS, Pins("llama-cpp-python==2\n", PINS.built_with, PINS.beside)):
            monkeypatch.setattr(model, "pins", lambda _machine, found=found: found)
            keys += [Library(machine, "http://debian.example").stage().key for machine in Machine]
            assert Library(Machine.ARM64, "http://nearer.example").stage().key == keys[-2]
        monkeypatch.setattr(model, "_OPTIONS", ("-DGGML_NATIVE=OFF",))
        keys.append(Library(Machine.ARM64, "http://debian.example").stage().key)
        assert len(set(keys)) == 5


def test_a_source_that_is_built_in_another_way_is_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"no 'set\(LLAMA_BUILD_COMMON ON CACHE' in its CMakeLists\.txt"):
        unpack(archive(tmp_path, "option(LLAMA_BUILD_COMMON)\n"), tmp_path / "source")


class TestPut:
    @pytest.fixture
    def owners(self, monkeypatch: pytest.MonkeyPatch) -> dict[Path, tuple[int, int]]:
        """Who was made the owner of what; only root may do it really."""
        found: dict[Path, tuple[int, int]] = {}
        monkeypatch.setattr(os, "chown", lambda path, *who: found.update({path: who}))
        return found

    @pytest.fixture
    def made(self, tmp_path: Path) -> Path:
        (tmp_path / "model/llama_cpp").mkdir(parents=True)
        (tmp_path / "model/llama_cpp/__init__.py").write_text("x")
        (tmp_path / "model/llama_cpp/__init__.py").chmod(0o777)
        return tmp_path / "model"

    def root(self, place: Path, groups: str) -> Path:
        (place / "root/etc").mkdir(parents=True)
        (place / "root/opt/bitgrid").mkdir(parents=True)
        (place / "root/etc/group").write_text(groups)
        return place / "root"

    def test_only_who_explains_may_read_it_and_nobody_may_write(
        self, made: Path, tmp_path: Path, owners: dict[Path, tuple[int, int]]
    ) -> None:
        root = self.root(tmp_path, "root:x:0:\nbitgrid-core:x:940:\nbitgrid-web:x:943:\n")
        put(made, root, 1_700_000_000)
        place = root / PLACE
        assert set(owners.values()) == {(0, 943)}
        assert set(owners) == {place, place / "llama_cpp", place / "llama_cpp/__init__.py"}
        modes = {path.name: oct(path.stat().st_mode & 0o7777) for path in owners}
        assert modes == {"model": "0o750", "llama_cpp": "0o750", "__init__.py": "0o640"}
        assert {path.stat().st_mtime for path in owners} == {1_700_000_000}, "not when it was compiled"

    def test_a_root_without_that_user_is_refused(self, made: Path, tmp_path: Path) -> None:
        root = self.root(tmp_path, "root:x:0:\n")
        with pytest.raises(ImageError, match="no group bitgrid-web"):
            put(made, root, 1)
        assert not (root / PLACE).exists()


class TestTools:
    def test_without_what_fetches_compilers_it_is_said_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("BITGRID_CACHE", str(tmp_path))
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr("shutil.which", lambda name: None if name == "mmdebstrap" else f"/usr/bin/{name}")
        with pytest.raises(ImageError, match="apt install mmdebstrap"):
            tools("http://debian.example", "image-compilers-arm64", packages(Machine.ARM64))

    def test_compilers_lie_beside_the_tools_and_other_packages_are_another_root(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("BITGRID_CACHE", str(tmp_path))
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr("bitgrid_image.tools._make", lambda root, *_told: root.mkdir())
        wanted = [("image-tools", ("e2fsprogs",)), *((f"image-compilers-{one}", packages(one)) for one in Machine)]
        made = [tools("http://debian.example", *one).root for one in wanted]
        assert [path.name.rsplit("-", 1)[0] for path in made] == [name for name, _ in wanted]
        assert len({path.name.rsplit("-", 1)[1] for path in made}) == 3
