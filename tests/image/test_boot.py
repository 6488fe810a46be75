"""The boot partition, made from a root with a kernel that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.ops.slots import Slot
from bitgrid.ops.slots.card import PARTITIONS
from bitgrid_image.boot import boot_files, booting, slot_files
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Layout, Machine, layout


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
