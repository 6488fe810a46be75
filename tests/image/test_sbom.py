"""The bill of materials: what is in a root stands in it, in the form that tools read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from bitgrid_image.packages import UNKNOWN, Package
from bitgrid_image.sbom import bill

BASH = Package("bash", "amd64", "5.2+x-1", "ab" * 32)
TZDATA = Package("tzdata", "all", "2025b-1", "cd" * 32)


def root(where: Path) -> Path:
    """A root with a release that has one Python package."""
    place = where / "opt/bitgrid/releases/1/lib/python3.13/site-packages/ruamel_yaml-1.2.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: ruamel_yaml\nVersion: 1.2\nLicense-Expression: MIT\n"
    )
    return where


def test_every_package_is_named_by_what_finds_it_again(tmp_path: Path) -> None:
    told = json.loads(bill("card", "1.0", [TZDATA, BASH], root(tmp_path), 1_750_000_000))
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.6", 1)
    assert told["metadata"]["timestamp"] == "2025-06-15T15:06:40Z"
    assert [one["purl"] for one in told["components"]] == [
        "pkg:deb/debian/bash@5.2%2Bx-1?arch=amd64&distro=trixie",
        "pkg:deb/debian/tzdata@2025b-1?arch=all&distro=trixie",
        "pkg:pypi/ruamel-yaml@1.2",
    ]
    assert told["components"][0]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert told["components"][2]["licenses"] == [{"expression": "MIT"}]


def test_what_the_language_model_s_library_brings_is_named_too(tmp_path: Path) -> None:
    place = root(tmp_path) / "opt/bitgrid/model/llama_cpp_python-0.3.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.2\nName: llama_cpp_python\nVersion: 0.3\n")
    told = json.loads(bill("card", "1.0", [BASH], tmp_path, 1))
    found = [one["purl"] for one in told["components"] if "pypi" in one["purl"]]
    assert found == ["pkg:pypi/llama-cpp-python@0.3", "pkg:pypi/ruamel-yaml@1.2"]


def test_a_module_of_the_kernel_that_no_package_brings_is_named_with_its_own_licence(tmp_path: Path) -> None:
    place = tmp_path / "usr/lib/modules/6.12.9-arm64"
    for name in ("updates/bitgrid_tryboot.ko", "kernel/drivers/of_debian.ko"):
        (place / name).parent.mkdir(parents=True)
        (place / name).write_text(name)
    (told,) = json.loads(bill("card", "1.0", [], tmp_path, 1))["components"]
    assert (told["type"], told["name"], told["version"]) == ("device-driver", "bitgrid_tryboot", "1.0")
    assert told["licenses"] == [{"expression": "GPL-2.0-only"}]
    assert told["hashes"][0]["content"] == hashlib.sha256(b"updates/bitgrid_tryboot.ko").hexdigest()


def test_a_hash_that_nobody_knows_is_not_named(tmp_path: Path) -> None:
    given = [Package("kernel", "arm64", "6.12", UNKNOWN)]
    (told,) = json.loads(bill("card", "1.0", given, tmp_path, 1))["components"]
    assert told["version"] == "6.12"
    assert "hashes" not in told


def test_it_is_the_same_for_the_same_image_and_another_for_another(tmp_path: Path) -> None:
    place = root(tmp_path)
    first = bill("card", "1.0", [BASH, TZDATA], place, 1)
    assert bill("card", "1.0", [TZDATA, BASH], place, 1) == first
    assert json.loads(bill("card", "1.1", [BASH], place, 1))["serialNumber"] != json.loads(first)["serialNumber"]
