"""The last of a root: what lies on the card as plain files, its units, and the places that are mounted over."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bitgrid_image.programs import run

FILES = Path(__file__).parents[1] / "files" / "root"
_UNITS = "etc/systemd/system"
_OF_DEBIAN = ("systemd-networkd.service", "systemd-resolved.service")
"""What Debian brings and a card needs, and no role asks for: how a host is in a network is its owner's affair."""
_NOT_ON_A_CARD = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_reap.service",
    "e2scrub_all.timer",
    "sshd-keygen.service",
)
"""They write to a root that is read-only."""


def lay(root: Path) -> None:
    """Put the image's own files into a root, switch its units on, and make the places that are mounted over.

    Who may read what, and how old a file is, does not depend on who builds: of a checkout git tells only what can
    be run. They are new here, and no newer than the commit once the root is finished.

    Args:
        root: finished but for this; its owner is root.

    Raises:
        ImageError: systemctl is not here, or does not take a unit.
    """
    own = [path for path in FILES.rglob("*") if path.is_symlink() or path.is_file()]
    for path in own:
        target = root / path.relative_to(FILES)
        _directory(target.parent)
        target.unlink(missing_ok=True)
        shutil.copy(path, target, follow_symlinks=False)
        if not path.is_symlink():
            target.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
    for place in ("data", "boot/firmware", *mounted()):
        _directory(root / place)
    units = [
        path for path in (FILES / _UNITS).iterdir() if path.is_file() and "[Install]" in path.read_text("utf-8")
    ]
    _systemctl(root, "enable", *_OF_DEBIAN, *sorted(path.name for path in units))
    _systemctl(root, "mask", *_NOT_ON_A_CARD)


def mounted() -> Iterator[str]:
    """The places that fstab mounts over the root, without their leading slash."""
    for line in (FILES / "etc/fstab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            _, place, *_ = line.split()
            if not place.startswith("/dev/"):
                yield place.removeprefix("/")


def _directory(path: Path) -> None:
    """One that all may look into, with those above it, as far as they are not there."""
    made = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for one in made:
        one.chmod(0o755)


def _systemctl(root: Path, *words: str) -> None:
    run(["systemctl", "--quiet", f"--root={root}", *words])
