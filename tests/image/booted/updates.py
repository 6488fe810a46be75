"""Updates of the whole system: the one that `make image` signed, and others like it with a fault in each."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image import update
from bitgrid_image.layout import Machine
from bitgrid_image.tools import Tools
from bitgrid_image.update import Update

Change = tuple[str, str, str]
"""A file of the root, what stands in it, and what is to stand there."""
JUDGE = "/etc/systemd/system/bitgrid-judge.service"
IMPATIENT: Change = (JUDGE, "--within 780", "--within 90")
"""What is broken for good need not be waited for as long as a slow card."""
LESS_PATIENT: Change = (JUDGE, "--within 780", "--within 300")
"""Until a house that is up says what is wrong with it."""
SERVICE: Change = ("/etc/systemd/system/bitgrid.service", "bin/supervisord", "bin/no-such-program")
LOGIN: Change = ("/etc/ssh/sshd_config.d/10-bitgrid.conf", "PermitRootLogin no", "PermitRootLogin perhaps")
"""As an option that another version of OpenSSH does not know any more: it does not start."""
SCHEMA = "bitgrid/store/schema.py"
MIGRATION = (("VERSION = 1\n", "VERSION = 2\n"), ("= ((),)", '= ((), ("CREATE TABLE decision (x)",))'))
"""A form of the ledger that no ledger can be brought to."""
FAT_ROOM = 1.02


@dataclass(frozen=True)
class Signed:
    """The update that `make image` made, unpacked, and the key that signed it.

    Args:
        machine: what it is for.
        place: where it is unpacked to, and others are made.
        key: the private key.
        tools: Debian's own.
    """

    machine: Machine
    place: Path
    key: Path
    tools: Tools

    def unpack(self, file: Path) -> None:
        """Take it apart into slot and boot files."""
        with tarfile.open(file) as archive:
            archive.extractall(self.place, filter="data")
        (self.place / "boot").mkdir()
        with tarfile.open(self.place / "boot.tar") as archive:
            archive.extractall(self.place / "boot", filter="data")
        packed = self.place / "root.img.zst"
        subprocess.run(["zstd", "-q", "-d", "--sparse", "--rm", packed], check=True)

    @property
    def release(self) -> str:
        """Where the release's Python is."""
        told = self._debugfs(self.place / "root.img", "stat /opt/bitgrid/current")
        name = told.split('Fast link dest: "', 1)[1].split('"', 1)[0]
        return f"/opt/bitgrid/{name}/lib/python3.13/site-packages"

    def broken(self, version: str, *changes: Change, without: str = "", kernel: bytes = b"") -> Path:
        """An update like it, signed by the same key; other files in it, one missing, or another kernel."""
        root = self.place / f"{version}.img"
        subprocess.run(["cp", "--sparse=always", self.place / "root.img", root], check=True)
        for path, old, new in changes:
            text = self._debugfs(root, f"cat {path}")
            assert old in text, (path, text)
            (self.place / "file").write_text(text.replace(old, new, 1))
            self._debugfs(root, f"rm {path}", f"write /mnt/here/file {path}")
        if without:
            self._debugfs(root, f"rm {without}")
        boot = self.place / f"{version}.boot"
        shutil.copytree(self.place / "boot", boot)
        if kernel:
            (boot / "vmlinuz").write_bytes(kernel)
        target = self.place / f"{version}.update"
        before, update._LEVEL = update._LEVEL, "-1"
        try:
            Update(self.machine, version, root, boot).write(target, self.key, self.tools, 0)
        finally:
            update._LEVEL = before
            root.unlink()
            shutil.rmtree(boot)
        return target

    def _debugfs(self, root: Path, *lines: str) -> str:
        """What debugfs says to some lines; a file system is changed without being mounted."""
        (self.place / "lines").write_text("".join(f"{line}\n" for line in lines))
        words = ("debugfs", "-w", "-f", "/mnt/here/lines", f"/mnt/here/{root.name}")
        said = self.tools.run(*words, places={"here": self.place}, epoch_s=0).stdout
        return "\n".join(line for line in said.split("\n") if not line.startswith("debugfs: "))


def stick(signed: Signed) -> Path:
    """A disk with updates: a good one; no kernel, init, house or way to log in; a failing change of a database."""
    schema = f"{signed.release}/{SCHEMA}"
    made = {
        "good": signed.broken("9.0.1"),
        "kernel": signed.broken("9.4.0", kernel=b"none"),
        "init": signed.broken("9.1.0", without="/usr/lib/systemd/systemd"),
        "service": signed.broken("9.2.0", IMPATIENT, SERVICE),
        "login": signed.broken("9.5.0", IMPATIENT, LOGIN),
        "migration": signed.broken("9.3.0", LESS_PATIENT, *((schema, old, new) for old, new in MIGRATION)),
    }
    disk = signed.place / "stick.img"
    size = sum(file.stat().st_size for file in made.values())
    with disk.open("wb") as file:
        file.truncate(int(size * FAT_ROOM) // 512 * 512)

    def say(*words: str) -> None:
        signed.tools.run(*words, places={"here": signed.place}, epoch_s=0)

    say("mkfs.vfat", f"/mnt/here/{disk.name}")
    for name, file in made.items():
        say("mcopy", "-i", f"/mnt/here/{disk.name}", f"/mnt/here/{file.name}", f"::{name}.update")
        file.unlink()
    return disk
