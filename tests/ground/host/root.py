"""A fresh Debian 13, as an archive that is kept by what went into it.

Every package that a role installs waits in its cache: the playbook really installs, and needs no network for it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import yaml

from ground.rules import ROOT

MIRROR = os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian")
SECURITY = os.environ.get("BITGRID_MIRROR_SECURITY", "http://deb.debian.org/debian-security")
FRESH = [
    "apt", "ca-certificates", "dbus", "init", "iproute2", "kmod", "libpam-systemd", "login", "openssh-server",
    "procps", "python3", "python3-apt", "sudo", "systemd-sysv", "udev",
]  # fmt: skip
"""What an installed Debian has; the rest is the playbook's business."""
AUDITORS = ["lynis", "openscap-scanner", "ssg-debian"]
RECIPE = 3
"""To be raised when what is done here changes."""


NOT_TRIED = {"kiosk"}
"""Roles that no test here plays: a browser would double the archive, and a container has no display."""


def wanted_packages() -> list[str]:
    """Every package that some role installs, by its defaults."""
    found = {"fake-hwclock"}
    for path in (ROOT / "ansible" / "roles").glob("*/defaults/main.yml"):
        if path.parents[1].name in NOT_TRIED:
            continue
        defaults = yaml.safe_load(path.read_text()) or {}
        for name, packages in defaults.items():
            if name.endswith("_packages") and not name.endswith("_unwanted_packages"):
                found |= set(packages)
    return sorted(found | set(AUDITORS))


def archive() -> Path:
    """The archive, made anew where its like is not there; a minute and a half."""
    key = hashlib.sha256(repr((RECIPE, FRESH, wanted_packages())).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("BITGRID_CACHE", Path.home() / ".cache" / "bitgrid"))
    path = cache / f"host-{key}.tar"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _make(path)
    return path


def _make(path: Path) -> None:
    download = "apt-get install --yes --quiet --quiet --download-only --no-install-recommends"
    half = path.with_suffix(".half.tar")
    subprocess.run(
        [
            "mmdebstrap", "--variant=minbase", "--quiet", f"--include={','.join(FRESH)}",
            '--aptopt=Acquire::Languages "none"', "--dpkgopt=force-unsafe-io",
            # What is needed after the start: the lists, and what was downloaded.
            "--skip=cleanup/apt",
            f"--customize-hook=chroot \"$1\" {download} {' '.join(wanted_packages())}",
            "trixie", str(half),
            f"deb {MIRROR} trixie main",
            f"deb {MIRROR} trixie-updates main",
            f"deb {SECURITY} trixie-security main",
        ],
        check=True,
    )  # fmt: skip
    half.rename(path)


def unpack(path: Path, where: Path, authorized_key: str) -> None:
    """A fresh host in a directory: root may log in by a key."""
    where.mkdir()
    subprocess.run(["tar", "--extract", f"--file={path}", f"--directory={where}", "--numeric-owner"], check=True)
    ssh = where / "root" / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    (ssh / "authorized_keys").write_text(authorized_key)
    (where / "etc" / "hostname").write_text("debian\n")
    (where / "etc" / "hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n")
    # A disk's entry, as an installer writes one; the container has no use for it.
    (where / "etc" / "fstab").write_text("# by the installer\nUUID=0 /data ext4 defaults,noauto,nofail 0 0\n")
    # There is no mirror: what asks for one (Lynis does) is told so at once, not after a minute of tries.
    (where / "etc" / "apt" / "apt.conf.d" / "99no-mirror").write_text('Acquire::Retries "0";\n')
    (where / "etc" / "resolv.conf").write_text("nameserver 10.77.0.1\n")
