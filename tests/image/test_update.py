"""An update as the build writes it, read by what reads it on the appliance."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bitgrid.clock import HeldClock
from bitgrid.ops.slots import Slot, SlotError
from bitgrid.ops.slots.booting import PiBooting
from bitgrid.ops.slots.bundle import Bundle
from bitgrid.ops.slots.updating import Card, Updater
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.tools import Tools, tools
from bitgrid_image.update import Update

FILES = Path(__file__).parents[2] / "image" / "files" / "boot" / "arm64"
MIRROR = os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian")
ROOT = bytes(range(256)) * 4096
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the tools are in a root of their own: run by root")


@pytest.fixture(scope="module")
def debian() -> Tools:
    return tools(MIRROR)


@pytest.fixture
def made(tmp_path: Path) -> Update:
    """A slot of 1 MiB, and the boot files of a Raspberry Pi with a kernel that is none."""
    (tmp_path / "build").mkdir()
    root = tmp_path / "build" / "root-a.part"
    root.write_bytes(ROOT)
    boot = tmp_path / "boot"
    (boot / "overlays").mkdir(parents=True)
    (boot / "cmdline.txt").write_text((FILES / "slot/cmdline.txt").read_text())
    (boot / "vmlinuz").write_bytes(b"kernel")
    (boot / "overlays" / "README").write_text("none\n")
    return Update(Machine.ARM64, "2.0.0", root, boot)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Private and public."""
    key, private, public = Ed25519PrivateKey.generate(), tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_the_appliance_can_take_it(made: Update, keys: tuple[Path, Path], debian: Tools, tmp_path: Path) -> None:
    made.write(tmp_path / "update.tar", keys[0], debian, 1000)
    boot = tmp_path / "card"
    boot.mkdir()
    (boot / "config.txt").write_text((FILES / "config.txt").read_text())
    PiBooting(boot).keep(Slot.A)
    devices = {slot: tmp_path / f"root-{slot}" for slot in Slot}
    for device in devices.values():
        device.write_bytes(bytes(2 << 20))
    roots = {slot: f"PARTUUID=1a2b3c4d-0{number}" for number, slot in enumerate(Slot, 2)}
    card = Card(PiBooting(boot, boot), devices, roots, Slot.A, tmp_path / "state.json")
    Updater(card, "arm64", "1.0.0", HeldClock(0.0)).install(Bundle(tmp_path / "update.tar", keys[1]))
    assert devices[Slot.B].read_bytes() == ROOT + bytes((2 << 20) - len(ROOT))
    assert (boot / "b/cmdline.txt").read_text().startswith("root=PARTUUID=1a2b3c4d-03 ")
    assert sorted(path.name for path in (boot / "b").rglob("*") if path.is_file()) == [
        "README",
        "cmdline.txt",
        "vmlinuz",
    ]


def test_two_are_the_same_bytes(made: Update, keys: tuple[Path, Path], debian: Tools, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made.write(tmp_path / f"{name}.tar", keys[0], debian, 1000)
        os.utime(made.boot / "vmlinuz", (5, 5))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_another_s_key_is_not_believed(
    made: Update, keys: tuple[Path, Path], debian: Tools, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    made.write(tmp_path / "update.tar", stranger, debian, 1000)
    with pytest.raises(SlotError, match="not signed by who makes"):
        Bundle(tmp_path / "update.tar", keys[1])


@pytest.mark.parametrize("kind", ["none", "no key", "another kind"])
def test_without_a_key_there_is_no_update(made: Update, kind: str, debian: Tools, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    if kind == "no key":
        key.write_text("nonsense")
    if kind == "another kind":
        elliptic = generate_private_key(SECP256R1())
        key.write_bytes(elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ImageError, match=r"key\.pem"):
        made.write(tmp_path / "update.tar", key, debian, 1000)
    assert not (tmp_path / "update.tar").exists()
