"""The library for a language model on the device: compiled for its machine, and put into a root. It has no model.

It is compiled in a root of Debian 13 that has compilers, wherever the build runs: what comes out links against the
glibc and libstdc++ that the image has, and the compiler is the same on every build machine. There the source is
always at the same place, and the network is empty.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.pins import LIBRARY, Pins, fetch_source, install, pins
from bitgrid_image.programs import run
from bitgrid_image.stages import Stage, remove
from bitgrid_image.tools import Tools, tools

PLACE = "opt/bitgrid/model"
READER = "bitgrid-web"
"""The user that explains. What reads files of strangers is nothing for the others."""
RECIPE = 1
"""To be raised when what is done here changes."""
EPOCH_S = 315_532_800
"""1980: the oldest time that a wheel can hold."""
_ARCHITECTURE = {
    # Raspberry Pi 3 and 4 have nothing beyond it.
    Machine.ARM64: ("-DGGML_CPU_ARM_ARCH=armv8-a",),
    # ggml takes all of them where it is not told, and a processor that lacks one ends the process.
    # numpy's wheels ask for the first.
    Machine.AMD64: ("-DGGML_SSE42=ON", *(f"-DGGML_{one}=OFF" for one in ("AVX", "AVX2", "BMI2", "FMA", "F16C"))),
}
_OPTIONS = (
    "-DCMAKE_SYSTEM_NAME=Linux",
    "-DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON",  # a wheel has no links: each library would be in it three times
    "-DGGML_NATIVE=OFF",
    "-DGGML_OPENMP=OFF",  # the image has no libgomp
    "-DGGML_CCACHE=OFF",
    "-DLLAVA_BUILD=OFF",
)
_COMMON = "set(LLAMA_BUILD_COMMON {} CACHE"
"""What llama.cpp's own programs share: fifty of 140 files, and nothing of them is loaded."""
_NOT_LOADED = ("bin", "include", "lib")
"""llama.cpp's own installation, beside what the Python package has in itself."""


def packages(machine: Machine) -> tuple[str, ...]:
    """What of Debian compiles for a machine, on any machine."""
    return ("binutils", "cmake", f"g++-{machine.triplet.replace('_', '-')}", "ninja-build", "python3")


def command(machine: Machine) -> list[str]:
    """How the library is built from ``/mnt/library/source`` to a wheel in ``/mnt/library/wheel``."""
    compiler, processor = machine.triplet, machine.processor
    flags = "-ffile-prefix-map=/mnt/library=."
    options = [*_OPTIONS, f"-DCMAKE_SYSTEM_PROCESSOR={processor}", *_ARCHITECTURE[machine]]
    environment = {
        "CC": f"{compiler}-gcc",
        "CXX": f"{compiler}-g++",
        "CFLAGS": flags,
        "CXXFLAGS": flags,
        "CMAKE_ARGS": " ".join(options),
        "CMAKE_GENERATOR": "Ninja",
        "HOME": "/mnt/library",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": "/mnt/library/backend",
        "TMPDIR": "/mnt/library",
        "_PYTHON_HOST_PLATFORM": f"linux-{processor}",
    }
    settings = {"build-dir": "/mnt/library/build", "wheel.exclude": ";".join(f"{name}/**" for name in _NOT_LOADED)}
    build = f"from scikit_build_core.build import build_wheel; build_wheel('/mnt/library/wheel', {settings})"
    told = [f"{name}={value}" for name, value in environment.items()]
    # What a compiler says and what says which one it was go different ways.
    together = ["sh", "-c", 'exec "$@" 2>&1', "sh"]
    return ["env", "--chdir=/mnt/library/source", *told, "unshare", "--net", *together, "python3", "-c", build]


@dataclass(frozen=True)
class Library:
    """What is built.

    Args:
        machine: what it is for.
        mirror: of Debian, where the compilers come from.
    """

    machine: Machine
    mirror: str

    def stage(self) -> Stage:
        """The stage: ``model``, as it lies in a root, and ``wheel``, what was compiled for it.

        Raises:
            ImageError: the locks do not belong together.
        """
        found = pins(self.machine)

        def make(place: Path) -> None:
            work = place / "work"
            (work / "wheel").mkdir(parents=True)
            unpack(fetch_source(found, work), work / "source")
            compilers = tools(self.mirror, f"image-compilers-{self.machine}", packages(self.machine))
            compilers.run(*command(self.machine), places={"library": work}, epoch_s=EPOCH_S)
            (work / "wheel").rename(place / "wheel")
            remove(work)
            self._lay_out(found, compilers, place)

        inputs = (str(RECIPE), *packages(self.machine), *command(self.machine))
        return Stage(f"model-{self.machine}", (*inputs, found.library, found.built_with, found.beside), make)

    def _lay_out(self, found: Pins, compilers: Tools, place: Path) -> None:
        (wheel,), model = (place / "wheel").iterdir(), place / "model"
        install(found, wheel, self.machine, model)
        for name in _NOT_LOADED:
            remove(model / name)
        # By Debian 13's own Python, which is the image's, too; nobody can write there when it is imported.
        words = ["python3", "-m", "compileall", "-q", "-s", "/mnt/model", "-p", f"/{PLACE}", "/mnt/model"]
        compilers.run(*words, places={"model": model}, epoch_s=EPOCH_S)


def unpack(archive: Path, source: Path) -> None:
    """Unpack the library's source, and leave out of it what is not wanted.

    Raises:
        ImageError: it is not of the form that this recipe knows.
    """
    source.mkdir()
    run(
        [
            "tar",
            "--extract",
            f"--file={archive}",
            f"--directory={source}",
            "--strip-components=1",
            "--no-same-owner",
        ]
    )
    recipe = source / "CMakeLists.txt"
    text = recipe.read_text("utf-8")
    if _COMMON.format("ON") not in text:
        raise ImageError(
            f"{LIBRARY} is built in another way than before: there is no {_COMMON.format('ON')!r} in its "
            "CMakeLists.txt. Look at what replaced it, and change bitgrid_image/model.py"
        )
    recipe.write_text(text.replace(_COMMON.format("ON"), _COMMON.format("OFF")), encoding="utf-8")


def put(model: Path, root: Path, epoch_s: int) -> None:
    """Put the library into a root, for one user alone, and on nobody's path.

    Args:
        model: the stage's ``model``.
        root: finished but for this; its owner is root.
        epoch_s: the time of its files, UTC epoch seconds.

    Raises:
        ImageError: who would read it is not in that root.
    """
    group, target = _group(root, READER), root / PLACE
    shutil.copytree(model, target)
    for path in [target, *target.rglob("*")]:
        os.chown(path, 0, group)
        path.chmod(0o750 if path.is_dir() else 0o640)
    for path in [target, *target.rglob("*")]:
        os.utime(path, (epoch_s, epoch_s))


def _group(root: Path, name: str) -> int:
    for line in (root / "etc/group").read_text("utf-8").splitlines():
        found, _, number, _ = line.split(":")
        if found == name:
            return int(number)
    raise ImageError(f"there is no group {name} in this root, and only it may read the language model's library")
