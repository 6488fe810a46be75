"""What is laid over a root."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from bitgrid_image import laying
from bitgrid_image.errors import ImageError
from bitgrid_image.laying import FILES, lay, mounted

pytestmark = pytest.mark.skipif(shutil.which("systemctl") is None, reason="systemctl is not here")
CHRONY = Path(__file__).parents[2] / "ansible/roles/time/templates/chrony.conf.j2"
UNITS = "etc/systemd/system"
TIMERS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_reap.service",
    "e2scrub_all.timer",
    "sshd-keygen.service",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a key of its build, a house's configuration, and Debian's timers."""
    root = tmp_path / "root"
    files = ["etc/ssh/ssh_host_ed25519_key", "etc/bitgrid/site.yaml", "etc/fstab", "home/admin/.profile"]
    for name in (*files, *(f"usr/lib/systemd/system/{timer}" for timer in TIMERS)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n")
    for name in ("systemd-networkd", "systemd-resolved"):
        (root / f"usr/lib/systemd/system/{name}.service").write_text("[Install]\nWantedBy=multi-user.target\n")
    lay(root)
    return root


def test_every_file_is_there_and_can_be_run_where_it_must(root: Path) -> None:
    for path in FILES.rglob("*"):
        laid = root / path.relative_to(FILES)
        if path.is_symlink():
            assert laid.readlink() == path.readlink()
        elif path.is_file():
            assert laid.read_bytes() == path.read_bytes()
            assert os.access(laid, os.X_OK) == os.access(path, os.X_OK)


def test_who_may_read_what_does_not_depend_on_who_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout has the modes of its owner's umask, and new directories those of the build's."""
    (tmp_path / "other").mkdir()
    checkout = tmp_path / "checkout"
    shutil.copytree(FILES, checkout, symlinks=True)
    for path in checkout.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o020)
    found = []
    for number, umask in enumerate((0o077, 0o002)):
        monkeypatch.setattr(laying, "FILES", checkout if number else FILES)
        monkeypatch.setattr(laying, "_systemctl", lambda *_: None)
        before = os.umask(umask)
        try:
            lay(tmp_path / str(number))
        finally:
            os.umask(before)
        laid = (tmp_path / str(number)).rglob("*")
        found.append({str(path.relative_to(tmp_path / str(number))): path.lstat().st_mode for path in laid})
    assert found[0] == found[1]
    assert found[0]["etc/systemd/network"] & 0o777 == 0o755


def test_how_old_a_checkout_is_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, newest_s = tmp_path / "checkout", time.time() - 60
    shutil.copytree(FILES, checkout, symlinks=True)
    for path in checkout.rglob("*"):
        os.utime(path, (0, 0), follow_symlinks=False)
    monkeypatch.setattr(laying, "FILES", checkout)
    monkeypatch.setattr(laying, "_systemctl", lambda *_: None)
    lay(tmp_path / "root")
    laid = [path for path in (tmp_path / "root").rglob("*") if not path.is_dir() or path.is_symlink()]
    assert [path for path in laid if path.lstat().st_mtime < newest_s] == []


def test_a_computer_whose_clock_stands_begins_when_the_image_was_made(root: Path) -> None:
    """By chronyd(8), -s: the time of this file, if that of the clock is before it."""
    (place,) = re.findall("^driftfile /(.*)$", CHRONY.read_text(), re.MULTILINE)
    assert (root / place).is_file()
    assert Path(place).parent.as_posix() in mounted(), "and it goes on from there"
    (written,) = re.findall("^ExecStart=(.*)$", (root / f"{UNITS}/bitgrid-time.service").read_text(), re.MULTILINE)
    assert written == f"/usr/bin/touch --no-create /{place}"
    assert (root / f"{UNITS}/timers.target.wants/bitgrid-time.timer").is_symlink()
    assert re.search(r'^DAEMON_OPTS="(.* )?-s', (root / "etc/default/chrony").read_text(), re.MULTILINE)


def test_the_key_of_the_build_is_gone(root: Path) -> None:
    assert (root / "etc/ssh/ssh_host_ed25519_key").is_symlink()


def test_its_units_are_on_and_what_writes_to_the_root_is_off(root: Path) -> None:
    units = root / "etc/systemd/system"
    for name in (
        "systemd-networkd",
        "systemd-resolved",
        "bitgrid-grow",
        "bitgrid-first-boot",
        "bitgrid-host-key",
        "bitgrid-judge",
    ):
        assert (units / "multi-user.target.wants" / f"{name}.service").is_symlink()
    assert (units / "ssh.service.requires/bitgrid-host-key.service").is_symlink()
    assert (units / "timers.target.wants/bitgrid-trial.timer").is_symlink()
    assert {str((units / timer).readlink()) for timer in TIMERS} == {"/dev/null"}


def test_whatever_is_mounted_has_its_place(root: Path) -> None:
    places = list(mounted())
    assert {"etc/bitgrid", "home", "var/log"} <= set(places)
    assert [place for place in (*places, "data", "boot/firmware") if not (root / place).is_dir()] == []


def test_without_systemctl_nothing_is_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ImageError, match="lacks systemctl"):
        lay(root)
