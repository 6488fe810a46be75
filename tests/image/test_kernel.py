"""The module that asks a Raspberry Pi's firmware for a trial: for which kernel, from what, and where it lies.

Nothing is compiled here. What it asks for is tried where it runs: tests/image/booted/test_tryboot.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitgrid.ops.slots.booting import MODULE
from bitgrid_image import kernel, making
from bitgrid_image.base import Mirror
from bitgrid_image.errors import ImageError
from bitgrid_image.kernel import COMPILER, LOADED, NAME, SOURCE, Kernel, Laid, Module, locked
from bitgrid_image.layout import Machine
from bitgrid_image.making import Order
from bitgrid_image.stages import Stage
from bitgrid_image.tools import SUITE, Beside, tools

KERNEL = Kernel("6.12.9+deb13-arm64", "6.12.9-1")
MIRROR = Mirror("http://debian.example", "http://security.example")
META = "linux-image-arm64 arm64 6.12.9-1 " + "cd" * 32 + "\n"
LINE = "linux-image-6.12.9+deb13-arm64 arm64 6.12.9-1 " + "ab" * 32 + "\n"


@dataclass
class Compilers:
    """They note what they are asked for, and leave a module; ``broken`` ones do not."""

    broken: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *words: str, places: Mapping[str, Path], epoch_s: int) -> None:
        assert epoch_s == kernel.EPOCH_S
        self.asked.append(words)
        if self.broken:
            raise ImageError("unshare ended with 2: unused variable 'error'")
        if "make" in words:
            assert (places["module"] / f"{NAME}.c").is_file()
            (places["module"] / f"{NAME}.ko").write_text("compiled")


@pytest.fixture
def compilers(monkeypatch: pytest.MonkeyPatch) -> Compilers:
    found = Compilers()
    monkeypatch.setattr(kernel, "tools", lambda *_words: found)
    return found


class TestLocked:
    def lock(self, place: Path, text: str) -> Path:
        (place / "arm64.lock").write_text(text)
        return place / "arm64.lock"

    def test_it_is_the_one_that_the_image_has(self, tmp_path: Path) -> None:
        assert locked(self.lock(tmp_path, LINE + META)) == KERNEL
        assert re.fullmatch(r"\d+\.\d+\.\d+\+deb13-arm64", locked().release)

    @pytest.mark.parametrize(
        ("text", "told"), [(META, "none"), (LINE + LINE.replace(".9+", ".8+"), "6.12.9.*6.12.8")]
    )
    def test_none_or_several_are_not_guessed_at(self, tmp_path: Path, text: str, told: str) -> None:
        with pytest.raises(ImageError, match=told):
            locked(self.lock(tmp_path, text))


class TestCompiled:
    def test_everything_is_of_that_very_kernel(self) -> None:
        of_linux = [one for one in (*KERNEL.packages, *KERNEL.headers) if one.startswith("linux-")]
        assert of_linux == [
            "linux-kbuild-6.12.9+deb13=6.12.9-1",
            "linux-headers-6.12.9+deb13-common=6.12.9-1",
            "linux-headers-6.12.9+deb13-arm64=6.12.9-1",
        ]
        assert COMPILER.removeprefix("aarch64-linux-gnu-") in " ".join(KERNEL.packages)

    def test_there_is_no_network_and_one_place_for_it(self) -> None:
        assert KERNEL.command[:2] == ("unshare", "--net")
        assert "M=/mnt/module" in KERNEL.command
        assert "-C /usr/src/linux-headers-6.12.9+deb13-arm64" in " ".join(KERNEL.command)

    def test_the_module_alone_is_kept(self, compilers: Compilers, tmp_path: Path) -> None:
        place = Module(KERNEL, MIRROR).stage().made(tmp_path, lambda _line: None)
        assert [path.name for path in place.iterdir()] == [f"{NAME}.ko"]
        assert compilers.asked[0] == KERNEL.command
        assert compilers.asked[1][1] == "--strip-debug", "where it was compiled is not in it"

    def test_what_does_not_compile_is_not_there_half(self, compilers: Compilers, tmp_path: Path) -> None:
        compilers.broken = True
        with pytest.raises(ImageError, match="unused variable"):
            Module(KERNEL, MIRROR).stage().made(tmp_path, lambda _line: None)
        assert list(tmp_path.iterdir()) == []

    def test_it_is_another_one_for_another_kernel_or_source_and_none_for_another_mirror(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        first = Module(KERNEL, MIRROR).stage().key
        assert Module(KERNEL, Mirror("http://nearer.example", "http://too.example")).stage().key == first
        rebuilt = Module(Kernel(KERNEL.release, "6.12.9-2"), MIRROR).stage().key
        (tmp_path / f"{NAME}.c").write_text("int x;")
        monkeypatch.setattr(kernel, "SOURCE", tmp_path)
        assert len({first, rebuilt, Module(KERNEL, MIRROR).stage().key}) == 3


class TestSource:
    def test_each_file_says_its_licence_which_is_not_the_project_s(self) -> None:
        files = [path for path in SOURCE.iterdir() if path.name != "COPYING"]
        assert {path.name for path in files} == {f"{NAME}.c", "Kbuild"}
        for path in files:
            assert "SPDX-License-Identifier: GPL-2.0-only" in path.read_text().splitlines()[0]
        assert 'MODULE_LICENSE("GPL")' in (SOURCE / f"{NAME}.c").read_text()
        assert "Version 2, June 1991" in (SOURCE / "COPYING").read_text()

    def test_a_warning_is_an_error(self) -> None:
        assert "-Wall -Werror" in (SOURCE / "Kbuild").read_text()

    def test_the_appliance_reads_what_the_module_shows(self) -> None:
        assert MODULE.parts[2:] == (NAME, "parameters", "ready")
        assert "module_param(ready, bool, 0444)" in (SOURCE / f"{NAME}.c").read_text()


class TestHeaders:
    def test_without_them_it_is_said_which_are_missing_where(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def none(*_words: object) -> None:
            raise ImageError("apt-get install linux-headers-6.12.9+deb13-common=6.12.9-1 failed")

        monkeypatch.setattr(kernel, "tools", none)
        with pytest.raises(
            ImageError, match=r"locked kernel, 6\.12\.9\+deb13-arm64 .*security\.example.*lock anew"
        ):
            Module(KERNEL, MIRROR).compilers()

    def test_what_else_is_wrong_is_left_as_it_was_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def none(*_words: object) -> None:
            raise ImageError("this machine lacks mmdebstrap")

        monkeypatch.setattr(kernel, "tools", none)
        with pytest.raises(ImageError, match=r"^this machine lacks mmdebstrap$"):
            Module(KERNEL, MIRROR).compilers()

    @pytest.mark.parametrize(("processor", "kinds"), [("x86_64", "amd64,arm64"), ("aarch64", "arm64")])
    def test_those_of_the_other_machine_are_unpacked_and_not_installed(
        self, monkeypatch: pytest.MonkeyPatch, processor: str, kinds: str
    ) -> None:
        monkeypatch.setattr("platform.machine", lambda: processor)
        architectures, hook = Beside("arm64", KERNEL.headers, "http://security.example").words()
        assert architectures == f"--architectures={kinds}"
        assert "download linux-headers-6.12.9+deb13-arm64:arm64=6.12.9-1 " in hook
        assert 'dpkg-deb --extract "$file" "$1"' in hook

    def test_they_are_another_root_from_both_mirrors(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        made: list[list[str]] = []

        def run(words: list[str], **_options: object) -> object:
            made.append(words)
            Path(words[words.index(SUITE) + 1]).mkdir()
            return type("Done", (), {"returncode": 0})

        monkeypatch.setenv("BITGRID_CACHE", str(tmp_path))
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr("subprocess.run", run)
        besides = [None, *(Beside("arm64", (f"linux-headers={one}",), "http://security.example") for one in "12")]
        roots = [tools("http://debian.example", "c", ("make",), beside).root for beside in besides]
        assert len(set(roots)) == 3
        assert [line for line in made[0] if line.startswith("deb ")] == ["deb http://debian.example trixie main"]
        assert made[1][-1] == "deb http://security.example trixie-security main"


class TestLaid:
    @pytest.fixture
    def laid(self, compilers: Compilers, tmp_path: Path) -> Laid:
        assert compilers.asked == []
        (tmp_path / f"kernel-arm64-1/{NAME}.ko").parent.mkdir()
        (tmp_path / f"kernel-arm64-1/{NAME}.ko").write_text("compiled")
        return Laid(Module(KERNEL, MIRROR), tmp_path / "kernel-arm64-1")

    def root(self, place: Path, release: str) -> Path:
        (place / "root/usr/lib/modules" / release).mkdir(parents=True)
        return place / "root"

    def test_the_kernel_finds_it_and_it_is_loaded_at_every_start(
        self, laid: Laid, compilers: Compilers, tmp_path: Path
    ) -> None:
        root = self.root(tmp_path, KERNEL.release)
        before = os.umask(0o022)
        laid.put(root)
        os.umask(before)
        module = root / f"usr/lib/modules/{KERNEL.release}/updates/{NAME}.ko"
        assert module.read_text() == "compiled"
        assert (root / LOADED).read_text() == f"{NAME}\n"
        assert Path(LOADED).parent == Path("usr/lib/modules-load.d")
        assert compilers.asked == [("depmod", "--basedir", "/mnt/root", KERNEL.release)]
        modes = [oct(path.stat().st_mode & 0o777) for path in (module.parent, module, root / LOADED)]
        assert modes == ["0o755", "0o644", "0o644"]

    def test_a_root_with_another_kernel_gets_none(self, laid: Laid, tmp_path: Path) -> None:
        root = self.root(tmp_path, "6.18.1-rpi-v8")
        with pytest.raises(ImageError, match=r"compiled for 6\.12\.9\+deb13-arm64, .* 6\.18\.1-rpi-v8"):
            laid.put(root)
        assert not (root / LOADED).exists()


class TestOrdered:
    @pytest.mark.parametrize(
        ("machine", "is_raspios", "names"),
        [(Machine.ARM64, False, ["kernel-arm64"]), (Machine.ARM64, True, []), (Machine.AMD64, False, [])],
    )
    def test_only_debian_s_kernel_on_a_raspberry_pi_needs_it(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        machine: Machine,
        is_raspios: bool,
        names: list[str],
    ) -> None:
        made: list[str] = []
        stage = Stage("kernel-arm64", (), lambda place: made.append(place.name[1:].rsplit("-", 1)[0]))
        monkeypatch.setenv("BITGRID_CACHE", str(tmp_path))
        monkeypatch.setattr(Module, "stage", lambda _module: stage)
        order = Order(machine, MIRROR, tmp_path / "dist", None, tmp_path / "pi.img.xz" if is_raspios else None)
        laid = making._module(order, lambda _line: None)
        assert made == names
        assert (laid is not None) is bool(names)
        if laid is not None:
            assert laid.module.kernel == locked()
            assert laid.key == laid.made.name
