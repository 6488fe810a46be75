"""The language model's library, what builds it and what it needs, as they are locked: which, and fetching them.

pip proves each file by the lock's hashes. What a release brings anyway is not fetched: its versions are the same.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.programs import run

PROJECT = Path(__file__).parents[2]
LOCK = PROJECT / "requirements" / "model.lock"
RELEASE_LOCK = PROJECT / "requirements" / "run.lock"
LIBRARY = "llama-cpp-python"
BUILT_WITH = ("packaging", "pathspec", "scikit-build-core")
PYTHON = "3.13"
"""Of Debian 13."""
_GLIBC = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==.*\n(?: .*\n)*", re.MULTILINE)


@dataclass(frozen=True)
class Pins:
    """Entries of a lock, as pip reads them.

    Args:
        library: of the library, whose source is compiled.
        built_with: of what its source says how it is built with.
        beside: of what it needs and no release has.
    """

    library: str
    built_with: str
    beside: str


def pins(machine: Machine) -> Pins:
    """What is locked for a machine.

    Raises:
        ImageError: the locks do not belong together.
    """
    return chosen(*(_lock_for(lock, machine) for lock in (LOCK, RELEASE_LOCK)))


def chosen(lock: str, release: str) -> Pins:
    """What of a lock is wanted.

    Args:
        lock: the library's, without conditions.
        release: the release's, likewise.

    Raises:
        ImageError: something is missing, or would be there twice, in two versions.
    """
    own, others = ({found[1]: found[0] for found in _ENTRY.finditer(text)} for text in (lock, release))
    lacking = {LIBRARY, *BUILT_WITH} - own.keys()
    differing = [name for name in own.keys() & others if _version(own[name]) != _version(others[name])]
    if lacking or differing:
        names = ", ".join(sorted([*lacking, *differing]))
        raise ImageError(
            f"requirements/model.lock does not fit run.lock: {names} is missing in it, or differs there. "
            "Write both anew: make lock"
        )
    beside = sorted(own.keys() - others - {LIBRARY, *BUILT_WITH})
    return Pins(own[LIBRARY], "".join(own[name] for name in BUILT_WITH), "".join(own[name] for name in beside))


def fetch_source(found: Pins, place: Path) -> Path:
    """Fetch the library's source, and into ``backend`` what it is built with; where the source's file is.

    Raises:
        ImageError: it cannot be fetched, or is not what was locked.
    """
    backend, sources = place / "backend", place / "sources"
    locked = ("--no-deps", "--require-hashes")
    to_backend = ("--no-compile", "--only-binary=:all:", "--target", str(backend))
    to_sources = ("--no-build-isolation", "--no-binary=:all:", "--dest", str(sources))
    # What builds it is needed already for asking what it is called, and that must not be anything newer.
    _pip("install", *locked, *to_backend, entries=found.built_with)
    environment = {"PYTHONPATH": str(backend.absolute())}
    _pip("download", *locked, *to_sources, entries=found.library, environment=environment)
    (source,) = sources.iterdir()
    return source


def install(found: Pins, wheel: Path, machine: Machine, target: Path) -> None:
    """Put the library and what it needs into a directory.

    Args:
        found: what is locked.
        wheel: of the library, built for the machine.
        machine: what it is for.
        target: the directory.

    Raises:
        ImageError: something cannot be fetched, or is not what was locked.
    """
    # pip holds what a package says of Python's version against its own, also where it installs for another.
    words = ["install", "--no-compile", "--no-deps", "--ignore-requires-python", "--only-binary=:all:"]
    words += ["--require-hashes", "--target", str(target), "--implementation", "cp", "--python-version", PYTHON]
    processor = machine.processor
    words += [f"--platform={name}_{processor}" for name in (*_GLIBC, "linux")]
    _pip(*words, entries=found.beside)
    # By its name: of a file, pip would write down where it lay.
    name, version, _ = wheel.name.split("-", 2)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    at_hand = ("--no-index", "--find-links", str(wheel.parent))
    _pip(*words, *at_hand, entries=f"{name}=={version} --hash=sha256:{digest}\n")


def _version(entry: str) -> str:
    return entry.split(maxsplit=1)[0]


def _lock_for(lock: Path, machine: Machine) -> str:
    script = str(PROJECT / "scripts" / "lock-for")
    return run([sys.executable, script, str(lock), PYTHON, machine.processor])


def _pip(*words: str, entries: str | None = None, environment: Mapping[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    if entries is not None:
        command += ["--requirement", "/dev/stdin"]
    run(command, environment, stdin=entries)
