"""A small Raspberry Pi OS: the names of the real one, and next to nothing in them."""

from __future__ import annotations

import lzma
import os
import struct
from pathlib import Path

from bitgrid_image.assembly import Assembler
from bitgrid_image.layout import Kind, Layout, Machine, Partition
from bitgrid_image.tools import Tools

EPOCH_S = 1_750_000_000
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)
"""As ping has it: cap_net_raw=ep."""
FIRMWARE = {
    name: name
    for name in (
        "kernel8.img", "kernel_2712.img", "initramfs8", "initramfs_2712", "bcm2710-rpi-3-b.dtb",
        "bcm2711-rpi-4-b.dtb", "bcm2712-rpi-5-b.dtb", "overlays/README", "overlays/disable-bt.dtbo", "start.elf",
        "start4.elf", "fixup4.dat", "bootcode.bin", "LICENCE.broadcom", "cmdline.txt", "config.txt", "user-data",
        "kernel7.img",
    )
}  # fmt: skip
FILES = {
    "etc/rpi-issue": "Raspberry Pi reference 2025-10-01\n",
    "etc/os-release": 'VERSION_CODENAME=trixie\nID="debian"\n',
    "etc/passwd": "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n",
    "etc/shadow": "root:*:1::::::\nnobody:*:1::::::\npi:$6$known:1::::::\n",
    "etc/group": "root:x:0:\nsudo:x:27:pi\nnetdev:x:101:pi,other\npi:x:1000:\n",
    "etc/gshadow": "root:*::\nsudo:*::pi\npi:!::\n",
    "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\t\traspberrypi\n",
    "etc/sudoers.d/010_pi-nopasswd": "pi ALL=(ALL) NOPASSWD: ALL\n",
    "etc/systemd/system/getty@tty1.service.d/autologin.conf": "[Service]\n",
    "home/pi/.bashrc": "",
    "var/lib/systemd/rfkill/platform-fe300000.mmcnr:wlan": "1\n",
    "boot/vmlinuz-6.12.47+rpt-rpi-v8": "kernel",
    "usr/lib/modules/6.12.47+rpt-rpi-v8/modules.dep": "",
    "usr/lib/modules/6.12.47+rpt-rpi-2712/modules.dep": "",
    "usr/share/man/man1/sh.1": "a manual",
    "usr/share/doc/sh/copyright": "a licence",
    "usr/share/doc/sh/changelog": "what was",
    "usr/bin/ping": "#!/bin/sh\n",
    "usr/bin/gzip": "#!/bin/sh\n",
    "usr/sbin/init": "#!/bin/sh\n",
    "usr/bin/su": "#!/bin/sh\n",
    'usr/share/a "b"/ca Főtanúsítvány.crt': "named so\n",
    "var/lib/dpkg/status": (
        "Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.22\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: arm64\nVersion: 1\n"
    ),
}


def system(root: Path) -> Path:
    """Its root, as it is when it was unpacked, boot files included."""
    for name, text in {**FILES, **{f"boot/firmware/{name}": text for name, text in FIRMWARE.items()}}.items():
        write(root / name, text)
    return root


def write(path: Path, text: str) -> None:
    """Write a file wherever it is to be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def packed(where: Path, tools: Tools) -> Path:
    """It as it is downloaded: .img.xz. Files have owners, bits, a capability, links; there is a pipe, too."""
    root, boot = where / "made/root", where / "made/boot"
    for name, text in FILES.items():
        write(root / name, text)
    for name, text in FIRMWARE.items():
        write(boot / name, text)
    (root / "usr/bin/gunzip").hardlink_to(root / "usr/bin/gzip")
    (root / "usr/bin/sh").symlink_to("bash")
    os.mkfifo(root / "usr/pipe")
    os.setxattr(root / "usr/bin/ping", "security.capability", CAPABILITY)
    os.chown(root / "home/pi/.bashrc", 1000, 1001)
    (root / "usr/bin/su").chmod(0o4755)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    parts = (Partition("boot", Kind.BOOT, 40), Partition("root-a", Kind.ROOT, 16))
    (where / "parts").mkdir()
    image = where / "raspios-lite.img"
    layout = Layout(Machine.ARM64, "of another", parts)
    Assembler(layout, tools, EPOCH_S, where / "parts").assemble({"boot": boot, "root-a": root}, image)
    with lzma.open(image.with_name(f"{image.name}.xz"), "wb", preset=0) as file:
        file.write(image.read_bytes())
    return image.with_name(f"{image.name}.xz")
