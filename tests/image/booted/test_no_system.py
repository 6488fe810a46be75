"""The initrd of the image and a slot with nothing in it: nobody gets a shell, and the computer starts again."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bitgrid_image.assembly import Assembler
from bitgrid_image.layout import Layout, Machine, layout
from bitgrid_image.tools import Tools
from image.booted.computer import BEGIN_S, Computer

EMULATORS = {
    Machine.AMD64: ["qemu-system-x86_64", "-M", "q35", "-cpu", "Nehalem"],
    Machine.ARM64: ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"],
}
SERIAL = {Machine.AMD64: "ttyS0", Machine.ARM64: "ttyAMA0"}


def test_it_is_left_by_a_restart(tmp_path: Path, card: Layout, debian: Tools, image: Path) -> None:
    whole = Computer(tmp_path, card, debian)
    subprocess.run(["cp", "--sparse=always", image, whole.disk], check=True)
    kernel, initrd = (whole.copy_out(f"a/{name}") for name in ("vmlinuz", "initrd.img"))
    tree, parts = tmp_path / "tree", tmp_path / "parts"
    for place in (*(tree / name for name in ("data", "etc", "sbin", "dev", "proc", "sys", "run", "bin")), parts):
        place.mkdir(parents=True)
    (tree / "bin/sh").write_text("what an initrd would start otherwise")
    (tree / "bin/sh").chmod(0o755)
    small = layout(card.machine, "9", boot_mib=40, root_mib=32, data_mib=16)
    Assembler(small, debian, 1, parts).assemble({"root-a": tree}, tmp_path / "small.img")
    root = f"root=PARTUUID={small.part_uuid('root-a')} rootfstype=ext4 ro rootwait"
    line = f"{root} bitgrid.slot=a panic=10 console={SERIAL[card.machine]}"
    subprocess.run(
        [
            *EMULATORS[card.machine], "-m", "512", "-accel", "tcg", "-display", "none", "-monitor", "none",
            "-no-reboot", "-serial", f"file:{tmp_path}/console",
            "-kernel", kernel, "-initrd", initrd, "-append", line,
            "-drive", f"file={tmp_path}/small.img,format=raw,if=virtio",
        ],
        check=True,
        timeout=BEGIN_S,
    )  # fmt: skip
    assert "There is no system in this slot." in (tmp_path / "console").read_text(errors="replace")
