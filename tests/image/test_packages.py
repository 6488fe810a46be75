"""The lock of packages: what is installed, by the hash that the index tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid_image.errors import ImageError
from bitgrid_image.packages import UNKNOWN, Package, differences, hold, installed, parse, render

STATUS = """\
Package: libc6
Status: install ok installed
Architecture: arm64
Version: 2.41-12
Description: GNU C Library
 Package: not-one
 .
 more

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.152
"""
INDEX = """\
Package: libc6
Architecture: arm64
Version: 2.41-12
SHA256: {c}

Package: libc6
Architecture: arm64
Version: 2.41-13
SHA256: {other}

Package: adduser
Architecture: all
Version: 3.152
SHA256: {a}
"""
LIBC, ADDUSER = Package("libc6", "arm64", "2.41-12", "c" * 64), Package("adduser", "all", "3.152", "a" * 64)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for place, text in (
        ("var/lib/dpkg/status", STATUS),
        (
            "var/lib/apt/lists/mirror_dists_trixie_main_binary-arm64_Packages",
            INDEX.format(c="c" * 64, a="a" * 64, other="d" * 64),
        ),
    ):
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path


def test_what_is_installed_is_found_with_its_hash(root: Path) -> None:
    assert installed(root) == [ADDUSER, LIBC]


def test_what_is_in_no_index_is_said(root: Path) -> None:
    (index,) = (root / "var/lib/apt/lists").iterdir()
    index.write_text(index.read_text().replace("3.152", "3.153"))
    with pytest.raises(ImageError, match=r"in no package index of .*: adduser all 3\.152"):
        installed(root)


def test_of_an_owners_root_a_package_of_an_older_index_has_no_hash(root: Path) -> None:
    (index,) = (root / "var/lib/apt/lists").iterdir()
    index.write_text(index.read_text().replace("3.152", "3.153"))
    found = installed(root, is_owners=True)
    assert found == [Package("adduser", "all", "3.152", UNKNOWN), LIBC]
    assert parse(render(found)) == found


def test_the_lock_tells_the_same_again(root: Path) -> None:
    text = render(installed(root))
    assert parse(text) == [ADDUSER, LIBC]
    assert text.splitlines()[1:] == [f"adduser all 3.152 {'a' * 64}", f"libc6 arm64 2.41-12 {'c' * 64}"]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([ADDUSER], "libc6: 2.41-12 (cccccccccccc) is locked, nothing was found"),
        (
            [ADDUSER, Package("libc6", "arm64", "2.41-13", "d" * 64)],
            "libc6: 2.41-12 (cccccccccccc) is locked, 2.41-13 (dd",
        ),
        (
            [ADDUSER, Package("libc6", "arm64", "2.41-12", "e" * 64)],
            "(cccccccccccc) is locked, 2.41-12 (eeeeeeeeeeee)",
        ),
        (
            [ADDUSER, LIBC, Package("nano", "arm64", "8", "f" * 64)],
            "nano: nothing is locked, 8 (ffffffffffff) was found",
        ),
    ],
)
def test_what_differs_is_named(root: Path, found: list[Package], says: str) -> None:
    (told,) = differences([ADDUSER, LIBC], found)
    assert says in told
    (root / "lock").write_text(render([ADDUSER, LIBC]))
    with pytest.raises(ImageError, match="write the lock anew"):
        hold(root / "lock", found)


def test_what_is_as_locked_passes(root: Path) -> None:
    (root / "lock").write_text(render([LIBC, ADDUSER]))
    hold(root / "lock", installed(root))


def test_without_a_lock_nothing_is_built(root: Path) -> None:
    with pytest.raises(ImageError, match="nobody knows what belongs"):
        hold(root / "lock", [])
    with pytest.raises(ImageError, match="cannot be read at: adduser all"):
        parse("# a lock\nadduser all\n")
