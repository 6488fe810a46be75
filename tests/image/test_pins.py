"""Of two locks, what is compiled, what compiles it and what is fetched; and that pip takes nothing else.

pip is asked for small packages that are made here, in a directory: no network is used.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.pins import PROJECT, Pins, chosen, fetch_source, install, pins

LIBRARY, NUMPY = "llama-cpp-python==1 \\\n    --hash=sha256:2\n", "numpy==2 \\\n    --hash=sha256:3\n"
BUILT_WITH = "packaging==3 \\\n    --hash=sha256:0\npathspec==4\nscikit-build-core==5\n    # via x\n"
LOCK = f"# head\n{LIBRARY}{NUMPY}jinja2==6 \\\n    # via\n{BUILT_WITH}"
RELEASE = "jinja2==6 \\\n    --hash=sha256:4\nflask==7 \\\n    --hash=sha256:5\n"
METADATA = "Metadata-Version: 2.1\n"
BACKEND = """
import pathlib
def prepare_metadata_for_build_wheel(directory, settings=None):
    place = pathlib.Path(directory, "thing-1.dist-info")
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\\nName: thing\\nVersion: 1\\n")
    return place.name
def build_wheel(*_):
    raise SystemExit("nobody asked for a wheel")
"""


def entry(name: str, *files: Path) -> str:
    """A lock's entry for files, of which each fits somewhere else."""
    hashes = [hashlib.sha256(one.read_bytes()).hexdigest() for one in files]
    return " ".join([name, *(f"--hash=sha256:{one}" for one in hashes)]) + "\n"


def wheel(place: Path, name: str, tags: str, module: str = "", requires: str = ">=3.8") -> Path:
    """A wheel of one module."""
    package, version = name.split("-")
    info = f"{package}-{version}.dist-info"
    files = {
        f"{package}.py": module,
        f"{info}/METADATA": f"{METADATA}Name: {package}\nVersion: {version}\nRequires-Python: {requires}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tags}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    place.mkdir(exist_ok=True)
    with zipfile.ZipFile(place / f"{name}-{tags}.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return place / f"{name}-{tags}.whl"


def source(place: Path) -> Path:
    """A source that says that ``backend`` builds it."""
    told = {
        "pyproject.toml": '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n',
        "PKG-INFO": f"{METADATA}Name: thing\nVersion: 1\n",
    }
    with tarfile.open(place / "thing-1.tar.gz", "w:gz") as archive:
        for name, text in told.items():
            one = tarfile.TarInfo(f"thing-1/{name}")
            one.size = len(text)
            archive.addfile(one, io.BytesIO(text.encode()))
    return place / "thing-1.tar.gz"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip finds packages, and nowhere else."""
    place = tmp_path / "shelf"
    place.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(place), "PIP_NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(name, value)
    return place


class TestChosen:
    def test_what_a_release_brings_is_not_brought_again(self) -> None:
        found = chosen(LOCK, RELEASE)
        assert (found.library, found.built_with, found.beside) == (LIBRARY, BUILT_WITH, NUMPY)

    def test_one_version_here_and_another_there_is_refused(self) -> None:
        with pytest.raises(
            ImageError, match=r"run\.lock: jinja2 is missing in it, or differs there\. .*make lock"
        ):
            chosen(LOCK, RELEASE.replace("jinja2==6", "jinja2==6.1"))

    def test_a_lock_without_what_builds_it_is_refused(self) -> None:
        with pytest.raises(ImageError, match="pathspec is missing"):
            chosen(LOCK.replace("pathspec", "pathspecs"), RELEASE)


class TestLocked:
    @pytest.mark.parametrize("machine", Machine)
    def test_the_project_s_locks_belong_together(self, machine: Machine) -> None:
        found = pins(machine)
        names = [line.split("==")[0] for line in found.beside.splitlines() if line[0] not in " #"]
        assert names == ["diskcache", "numpy"]
        assert found.library.count("--hash=sha256:") == 1, "there is one file of it, its source"
        for text in (found.library, found.beside, found.built_with):
            assert ";" not in text

    def test_what_an_image_has_is_what_the_extra_asks_for(self) -> None:
        extra = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["llm"]
        asked = (PROJECT / "requirements" / "model.in").read_text().splitlines()
        assert set(extra) < set(asked)


class TestSource:
    def test_it_is_fetched_as_it_is_and_only_what_is_locked_is_asked_about_it(
        self, shelf: Path, tmp_path: Path
    ) -> None:
        backend = wheel(shelf, "backend-5", "py3-none-any", BACKEND)
        file = source(shelf)
        found = fetch_source(Pins(entry("thing==1", file), entry("backend==5", backend), ""), tmp_path / "work")
        assert found.read_bytes() == file.read_bytes()
        assert (tmp_path / "work/backend/backend.py").read_text() == BACKEND

    @pytest.mark.parametrize("other", ["thing", "backend"])
    def test_another_file_of_the_same_name_is_refused(self, shelf: Path, tmp_path: Path, other: str) -> None:
        files = {"backend": wheel(shelf, "backend-5", "py3-none-any", BACKEND), "thing": source(shelf)}
        entries = {name: entry(f"{name}=={5 if name == 'backend' else 1}", file) for name, file in files.items()}
        with files[other].open("ab") as file:
            file.write(b"x")
        with pytest.raises(ImageError, match=r"(?s)ended with 1.*DO NOT MATCH THE HASHES"):
            fetch_source(Pins(entries["thing"], entries["backend"], ""), tmp_path / "work")


def test_what_is_installed_is_for_the_image_s_python_and_machine(shelf: Path, tmp_path: Path) -> None:
    kinds = {
        Machine.ARM64: "cp313-cp313-manylinux_2_28_aarch64",
        Machine.AMD64: "cp313-cp313-manylinux_2_28_x86_64",
    }
    made = {one: wheel(shelf, "other-2", tags, f"FOR = {one.value!r}", ">=3.12") for one, tags in kinds.items()}
    own = wheel(tmp_path / "wheel", "thing-1", "py3-none-linux_aarch64", "ITSELF = True")
    install(Pins("", "", entry("other==2", *made.values())), own, Machine.ARM64, tmp_path / "model")
    found = {path.name for path in (tmp_path / "model").iterdir()}
    assert found == {"other.py", "other-2.dist-info", "thing.py", "thing-1.dist-info"}
    assert (tmp_path / "model/other.py").read_text() == "FOR = 'arm64'"
    told = [path.read_text() for path in (tmp_path / "model").glob("*.dist-info/*")]
    assert [text for text in told if str(tmp_path) in text] == [], "it is the same wherever it is made"


def test_a_wheel_for_another_machine_is_not_installed(shelf: Path, tmp_path: Path) -> None:
    other = wheel(shelf, "other-2", "cp313-cp313-manylinux_2_28_x86_64")
    own = wheel(tmp_path / "wheel", "thing-1", "py3-none-linux_aarch64")
    with pytest.raises(ImageError, match="No matching distribution found for other==2"):
        install(Pins("", "", entry("other==2", other)), own, Machine.ARM64, tmp_path / "model")
