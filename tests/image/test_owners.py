"""Whether an owner's root is one that fits; each that does not is refused with what to take instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid_image.base import USERS
from bitgrid_image.boot import PI_KERNELS
from bitgrid_image.errors import ImageError
from bitgrid_image.owners import check, collisions, forget_people
from image import pi_os


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pi_os.system(tmp_path)


def add(path: Path, line: str) -> None:
    path.write_text(path.read_text() + line)


def test_one_that_fits_passes(root: Path) -> None:
    check(root)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("etc/rpi-issue", None, "is no Raspberry Pi OS"),
        (
            "etc/os-release",
            "VERSION_CODENAME=bookworm\n",
            "is Raspberry Pi OS of bookworm, and BitGrid's packages are of",
        ),
        ("etc/os-release", None, "of an unknown suite"),
        (
            "var/lib/dpkg/status",
            "Package: dpkg\nStatus: install ok installed\nArchitecture: armhf\n",
            "is for armhf: the 32-bit",
        ),
        ("boot/firmware/kernel_2712.img", None, "has no kernel_2712.img on its boot partition"),
        ("boot/firmware/overlays/README", None, "has no overlays/README"),
        ("usr/lib/modules/6.13+rpt-rpi-v8/x", "", r"has 2 kernels \*-rpi-v8"),
    ],
)
def test_one_that_does_not_says_what_to_take(root: Path, name: str, text: str | None, says: str) -> None:
    if text is None:
        (root / name).unlink()
    else:
        pi_os.write(root / name, text)
    with pytest.raises(ImageError, match=f"(?s)BASE .*{says}.*Take Raspberry Pi OS Lite"):
        check(root)


def test_kernels_have_their_modules(root: Path) -> None:
    for _, end in PI_KERNELS.values():
        (found,) = (root / "usr/lib/modules").glob(f"*{end}")
        found.rename(found.with_name("away"))
        with pytest.raises(ImageError, match=rf"has 0 kernels \*{end}"):
            check(root)
        found.with_name("away").rename(found)


class TestCollisions:
    def test_a_number_of_ours_is_somebody_elses(self, root: Path) -> None:
        add(root / "etc/passwd", "nodered:x:941:941::/:/bin/false\n")
        assert list(collisions(root)) == ["941 of bitgrid-io is nodered's in /etc/passwd"]
        with pytest.raises(ImageError, match="as it is downloaded and never started"):
            check(root)

    def test_a_name_of_ours_has_another_number(self, root: Path) -> None:
        add(root / "etc/passwd", "mosquitto:x:105:110::/:/bin/false\n")
        add(root / "etc/group", "mosquitto:x:110:\nother:x:945:\n")
        assert list(collisions(root)) == [
            "mosquitto has 105 instead of 947 in /etc/passwd",
            "945 of bitgrid-data is other's in /etc/group",
            "mosquitto has 110 instead of 947 in /etc/group",
        ]

    def test_where_they_are_ours_already_nothing_is_said(self, root: Path) -> None:
        for line in USERS.read_text().splitlines():
            if line[:2] in {"u ", "g "}:
                kind, name, number = line.split()[:3]
                add(root / "etc/group", f"{name}:x:{number}:\n")
                if kind == "u":
                    add(root / "etc/passwd", f"{name}:x:{number}:{number}::/:/bin/false\n")
        assert list(collisions(root)) == []


def test_no_person_has_an_account_or_a_home(root: Path) -> None:
    (root / "etc/shadow-").write_text((root / "etc/shadow").read_text())
    forget_people(root)
    for name in ("passwd", "shadow", "shadow-", "group", "gshadow"):
        assert "pi" not in (root / "etc" / name).read_text().replace(":", ",").split(","), name
    assert "netdev:x:101:other\n" in (root / "etc/group").read_text()
    assert (root / "etc/passwd").read_text().splitlines()[1].startswith("nobody:x:65534:")
    assert list((root / "home").iterdir()) == []
