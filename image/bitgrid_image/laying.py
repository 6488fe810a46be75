"""The last of a root: what lies on the card as plain files, its units, what of it begins on the data partition."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bitgrid_image.errors import ImageError

FILES = Path(__file__).parents[1] / "files" / "root"
_UNITS = "etc/systemd/system"
_NOT_ON_A_CARD = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "sshd-keygen.service",
)
"""They write to a root that is read-only."""


def lay(root: Path) -> None:
    """Put the image's own files into a root, switch its units on, and make the places that are mounted over.

    Args:
        root: finished but for this; its owner is root.

    Raises:
        ImageError: systemctl is not here, or does not take a unit.
    """
    own = [path for path in FILES.rglob("*") if path.is_symlink() or path.is_file()]
    for path in own:
        target = root / path.relative_to(FILES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    for place in ("data", "boot/firmware", *(place for place, _ in mounted())):
        (root / place).mkdir(parents=True, exist_ok=True)
    units = [path for path in (FILES / _UNITS).iterdir() if "[Install]" in path.read_text("utf-8")]
    _systemctl(root, "enable", *sorted(path.name for path in units))
    _systemctl(root, "mask", *_NOT_ON_A_CARD)


def data_of(root: Path, place: Path) -> None:
    """Take to the data partition what a root has in the places that are bound from there.

    Args:
        root: after `lay`.
        place: an empty directory.
    """
    for name, is_kept in mounted():
        if is_kept:
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _run("cp", "--archive", str(root / name), str(target))


def mounted() -> Iterator[tuple[str, bool]]:
    """What fstab mounts over the root, without its leading slash, and whether it is kept on the data partition."""
    for line in (FILES / "etc/fstab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            what, place, *_ = line.split()
            if not place.startswith("/dev/"):
                yield place.removeprefix("/"), what.startswith("/data/")


def _systemctl(root: Path, *words: str) -> None:
    _run("systemctl", "--quiet", f"--root={root}", *words)


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  own words
    except FileNotFoundError:
        raise ImageError(f"this machine lacks {words[0]}, and an image is not made without it") from None
    if done.returncode:
        raise ImageError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
