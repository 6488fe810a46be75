"""The boot partition, made from a root with a kernel that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.ops.slots import Slot
from bitgrid.ops.slots.card import PARTITIONS
from bitgrid_image.boot import boot_files, booting, slot_files
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Layout, Machine, layout
from image import pi_os


@pytest.fixture(params=list(Machine))
def card(request: pytest.FixtureRequest) -> Layout:
    return layout(request.param, "1.2.3")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in (
        "boot/vmlinuz-6.12-x", "boot/initrd.img-6.12-x", "usr/lib/linux-image-6.12-x/broadcom/bcm2711-rpi-4-b.dtb",
        "usr/lib/raspi-firmware/start4.elf", "usr/lib/raspi-firmware/fixup4.dat",
        "usr/lib/raspi-firmware/bootcode.bin",
    ):  # fmt: skip
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def made(card: Layout, root: Path, where: Path) -> Path:
    slot, boot = where / "slot", where / "boot"
    for place in (slot, boot):
        place.mkdir()
    slot_files(card.machine, root, slot)
    boot_files(card, root, slot, boot)
    return boot


def test_a_new_card_starts_slot_a_from_its_own_partition(card: Layout, root: Path, tmp_path: Path) -> None:
    boot = made(card, root, tmp_path)
    assert booting(card.machine, boot).usual() is Slot.A
    told = (boot / "a" / ("cmdline.txt" if card.machine is Machine.ARM64 else "slot.cfg")).read_text()
    assert f"root=PARTUUID={card.part_uuid('root-a')} " in told
    assert card.part_uuid("root-a").endswith(PARTITIONS[Slot.A])
    assert "bitgrid.slot=a " in told
    assert not (boot / "slot").exists()
    assert (boot / "a/vmlinuz").read_text() == "boot/vmlinuz-6.12-x"


def test_an_update_names_no_slot(card: Layout, root: Path, tmp_path: Path) -> None:
    place = tmp_path / "slot"
    place.mkdir()
    slot_files(card.machine, root, place)
    told = (place / ("cmdline.txt" if card.machine is Machine.ARM64 else "slot.cfg")).read_text()
    assert "root=@ROOT@" in told
    assert "bitgrid.slot=@SLOT@" in told


def test_a_pi_has_its_firmware_and_its_device_trees(root: Path, tmp_path: Path) -> None:
    boot = made(layout(Machine.ARM64, "1.2.3"), root, tmp_path)
    assert (boot / "a/bcm2711-rpi-4-b.dtb").exists()
    assert {"start4.elf", "fixup4.dat", "bootcode.bin", "config.txt"} <= {path.name for path in boot.iterdir()}


class TestRaspberryPiOs:
    """Its kernels, one for a Raspberry Pi 5 and one for the others."""

    CARD = layout(Machine.ARM64, "1.2.3")

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return pi_os.system(tmp_path / "root")

    def test_a_slot_has_all_that_the_firmware_looks_for_in_it(self, root: Path, tmp_path: Path) -> None:
        boot = made(self.CARD, root, tmp_path)
        of_slot = {"kernel8.img", "kernel_2712.img", "initramfs8", "initramfs_2712", "cmdline.txt"}
        assert of_slot | {"bcm2712-rpi-5-b.dtb", "bcm2710-rpi-3-b.dtb", "overlays"} == {
            path.name for path in (boot / "a").iterdir()
        } - {"bcm2711-rpi-4-b.dtb"}
        assert (boot / "a/overlays/README").exists(), "the firmware would take another system's overlays"
        assert (boot / "a/kernel_2712.img").read_text() == "kernel_2712.img"
        assert {path.name for path in boot.iterdir()} == {
            "a", "config.txt", "start.elf", "start4.elf", "fixup4.dat", "bootcode.bin",
        }  # fmt: skip

    def test_each_board_takes_its_own_kernel_from_the_slot(self, root: Path, tmp_path: Path) -> None:
        boot = made(self.CARD, root, tmp_path)
        assert booting(Machine.ARM64, boot).usual() is Slot.A
        settings = (boot / "config.txt").read_text().splitlines()
        assert {"os_prefix=a/", "auto_initramfs=1", "arm_64bit=1", "os_check=0"} <= set(settings)
        assert not [line for line in settings if line.startswith(("kernel=", "upstream_kernel", "include"))]
        told = (boot / "a/cmdline.txt").read_text()
        assert told.count("\n") == 1
        assert f"root=PARTUUID={self.CARD.part_uuid('root-a')} " in told
        assert {"ro", "bitgrid.slot=a", "panic=10", "apparmor=1", "cgroup_enable=memory"} <= set(told.split())

    @pytest.mark.parametrize(
        "lacks", ["kernel_2712.img", "initramfs8", "bcm2712-rpi-5-b.dtb", "overlays/README", "start4.elf"]
    )
    def test_one_that_would_not_start_is_not_made(self, root: Path, tmp_path: Path, lacks: str) -> None:
        for path in (root / "boot/firmware").glob("start*" if lacks == "start4.elf" else lacks):
            path.unlink()
        with pytest.raises(ImageError, match=r"the root('s overlays have| has) no"):
            made(self.CARD, root, tmp_path)


def test_grub_has_a_block_of_its_own_size(root: Path, tmp_path: Path) -> None:
    boot = made(layout(Machine.AMD64, "1.2.3"), root, tmp_path)
    block = (boot / "grub/grubenv").read_text()
    assert (len(block), block.splitlines()[:2]) == (1024, ["# GRUB Environment Block", "saved_entry=a"])


@pytest.mark.parametrize("kernels", [[], ["vmlinuz-6.12-x", "vmlinuz-6.13-x"]])
def test_a_root_has_one_kernel(root: Path, tmp_path: Path, kernels: list[str]) -> None:
    (root / "boot/vmlinuz-6.12-x").unlink()
    for name in kernels:
        (root / "boot" / name).touch()
    with pytest.raises(ImageError, match="one boot/vmlinuz"):
        made(layout(Machine.AMD64, "1.2.3"), root, tmp_path)


@pytest.mark.parametrize(
    "lacks", ["usr/lib/raspi-firmware/start4.elf", "usr/lib/linux-image-6.12-x/broadcom/bcm2711-rpi-4-b.dtb"]
)
def test_a_pi_without_firmware_is_not_made(root: Path, tmp_path: Path, lacks: str) -> None:
    (root / lacks).unlink()
    with pytest.raises(ImageError, match="Raspberry Pi"):
        made(layout(Machine.ARM64, "1.2.3"), root, tmp_path)
