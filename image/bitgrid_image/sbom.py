"""What is in an image, as CycloneDX 1.6 says it: Debian's packages, Python's, and modules of the kernel.

Source of the form: the CycloneDX specification, JSON reference 1.6, and the package-url specification.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PathDistribution
from pathlib import Path
from urllib.parse import quote

from bitgrid_image.packages import UNKNOWN, Package

_NAMES = uuid.UUID("5b2d3c6e-0f0b-4c5e-8b1e-2f6d6a3b9c10")


_LICENCE = "GPL-2.0-only"
"""Of a module of the kernel of ours; there is no other that no package brings."""


def bill(name: str, version: str, packages: list[Package], root: Path, epoch_s: int) -> str:
    """The bill of materials; the same text for the same image.

    Args:
        name: of the image.
        version: of BitGrid.
        packages: of Debian.
        root: the finished root, whose release is looked into.
        epoch_s: the image's time, UTC epoch seconds.
    """
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMES, f'{name} {version} {epoch_s}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch_s, UTC).isoformat().replace("+00:00", "Z"),
            "component": {"type": "operating-system", "name": name, "version": version, "bom-ref": name},
        },
        "components": [*map(_debian, sorted(packages)), *_python(root), *_modules(root, version)],
    }
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _debian(package: Package) -> dict[str, object]:
    purl = (
        f"pkg:deb/debian/{quote(package.name)}@{quote(package.version)}?arch={package.architecture}&distro=trixie"
    )
    hashed = {"hashes": [{"alg": "SHA-256", "content": package.sha256}]} if package.sha256 != UNKNOWN else {}
    return {
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "bom-ref": purl,
        **hashed,
    }


def _python(root: Path) -> Iterator[dict[str, object]]:
    places = ("releases/*/lib/python3*/site-packages", "model")
    for place in sorted(one for where in places for one in root.glob(f"opt/bitgrid/{where}/*.dist-info")):
        known = PathDistribution(place)
        name = known.metadata["Name"]
        purl = f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(known.version)}"
        licence = (known.metadata.get_all("License-Expression") or [""])[0]
        expressed = {"licenses": [{"expression": licence}]} if licence else {}
        yield {
            "type": "library",
            "name": name,
            "version": known.version,
            "purl": purl,
            "bom-ref": purl,
            **expressed,
        }


def _modules(root: Path, version: str) -> Iterator[dict[str, object]]:
    for file in sorted(root.glob("usr/lib/modules/*/updates/*.ko")):
        yield {
            "type": "device-driver",
            "name": file.stem,
            "version": version,
            "bom-ref": f"{file.stem}@{version}",
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}],
            "licenses": [{"expression": _LICENCE}],
        }
