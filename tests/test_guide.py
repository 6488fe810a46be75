"""What the guide to a card says is what the programs say and have: words, files, units, sizes and pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bitgrid.config.errors import ConfigError
from bitgrid.ops.first_boot import LOG, MISTAKE, first_boot
from bitgrid.ops.first_boot.applying import TAKEN
from bitgrid.ops.first_boot.reading import read
from bitgrid.ops.first_boot.wishes import Network
from bitgrid.ops.first_boot_docs import EXAMPLE
from bitgrid.ops.host.console import FAILING, Screen
from bitgrid.ops.slots import Phase, Slot, State
from bitgrid.ops.slots.telling import words
from bitgrid_image.layout import Machine, layout

ROOT = Path(__file__).parents[1]
GUIDE, RECOVERY = (ROOT / "docs" / name for name in ("flashing.md", "recovery.md"))
IMAGES = ROOT / "docs" / "images"
ON_CARD = ROOT / "image" / "files" / "root"
ROLES = ROOT / "ansible" / "roles"
INITRD = "image/files/root/etc/initramfs-tools/scripts/local-bottom/bitgrid-card"
NO_PROGRAMS = {
    "bitgrid-ca",
    "bitgrid-firstboot",
    "bitgrid-firstbootlog",
    "bitgrid-unread",
    "bitgrid-web",
    "bitgrid-0",
    "bitgrid-2",
}
"""A certificate, a log and its heading, a directory, a user, images, a host's name."""


def one_line(text: str) -> str:
    return " ".join(text.split())


def text_of(*pages: Path) -> str:
    return one_line(" ".join(page.read_text(encoding="utf-8") for page in pages))


def drawn(name: str, group: str = "") -> str:
    """The words of a drawing, or of one element of it."""
    tree = ET.parse(IMAGES / name).getroot()  # noqa: S314  our own
    part = next(one for one in tree.iter() if one.get("id") == group) if group else tree
    return one_line(" ".join(part.itertext()))


def update(phase: Phase, reason: str = "") -> str:
    return words(State(phase=phase, to=Slot.B, version="2.0.0", before="1.0.0", at_s=0, reason=reason))


@pytest.mark.parametrize(
    ("said", "by"),
    [
        (FAILING[0], ""),
        (MISTAKE, ""),
        ("Taken over:", "app/bitgrid/ops/first_boot/applying.py"),
        ("nothing that was not so before", "app/bitgrid/ops/first_boot/applying.py"),
        ("Not done:", "app/bitgrid/ops/first_boot/applying.py"),
        ("The data partition of this card cannot be used.", INITRD),
        ("There is no system in this slot.", INITRD),
        ("The house is back.", "image/files/root/usr/sbin/bitgrid-restore"),
        ("before-restore", "image/files/root/usr/sbin/bitgrid-restore"),
        ("/mnt/backup", "image/files/root/etc/fstab"),
        ("The house is well.", "app/bitgrid/ops/host/console.py"),
        ("etc/bitgrid/secrets/root/backup-passphrase", "ansible/roles/backup/templates/config.yaml.j2"),
        ("/mnt/backup/bitgrid", "ansible/roles/backup/defaults/main.yml"),
    ],
)  # fmt: skip
def test_what_the_screen_says_is_what_the_guide_says_it_says(said: str, by: str) -> None:
    assert said in text_of(RECOVERY)
    assert not by or said in (ROOT / by).read_text(encoding="utf-8")


def test_a_screen_without_an_address_says_what_the_guide_says() -> None:
    told = "\n".join(Screen(("bitgrid.local",), (), "", None, "").lines())
    assert "`This computer has no address yet. Is its network cable plugged in?`" in text_of(RECOVERY)
    assert "This computer has no address yet. Is its network cable plugged in?" in told


def test_an_update_that_was_left_is_quoted_as_it_is_told() -> None:
    assert "`The update to … was not kept:`" in text_of(RECOVERY)
    assert update(Phase.LEFT, "x").startswith("The update to 2.0.0 was not kept:")


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("writing", update(Phase.WRITING)),
        ("trial", update(Phase.TRIAL)),
        ("left", update(Phase.LEFT, "2.0.0 did not come up, and 1.0.0 was started again")),
    ],
)
def test_the_drawing_of_an_update_shows_the_screen_s_own_words(group: str, told: str) -> None:
    assert drawn("update.svg", group) == f"{told}."


def test_the_drawing_of_an_update_shows_the_page_s_own_words() -> None:
    texts = (ROOT / "app/bitgrid/web/texts/system.en.ftl").read_text(encoding="utf-8")
    assert f"system-image-kept = {drawn('update.svg', 'page-kept')}\n" in texts
    assert f"system-image-left = {drawn('update.svg', 'page-left')}\n" in texts


@pytest.mark.parametrize("machine", Machine)
def test_the_drawing_of_a_card_and_the_guide_have_its_sizes(machine: Machine) -> None:
    card = layout(machine, "1.0.0")
    assert [one.name for one in card.partitions] == ["boot", "root-a", "root-b", "data"]
    boot, *slots, _data = (one.size_mib for one in card.partitions)
    assert (f"{boot} MiB", slots) == ("512 MiB", [2560, 2560])
    assert "boot 512 MiB, FAT" in drawn("card.svg")
    assert drawn("card.svg").count("2.5 GiB") == 2
    assert "| boot | FAT, 512 MiB |" in GUIDE.read_text(encoding="utf-8")
    assert f"the image has {round(card.size_mib / 1024, 2)} GiB" in text_of(GUIDE)


def yaml_in(page: Path) -> list[str]:
    """The files that a page shows, as a person copies them."""
    blocks = re.findall(r"^( *)```yaml\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in blocks]


def test_the_guide_s_file_is_taken_once_it_has_a_key(tmp_path: Path) -> None:
    [shown] = yaml_in(GUIDE)
    own = re.findall(r"ssh-ed25519 .*", EXAMPLE)[0]
    path = tmp_path / "bitgrid.yaml"
    path.write_text(shown.replace("ssh-ed25519 AAAA… anna", own), encoding="utf-8")
    wishes = read(path)
    assert wishes.wifi is not None
    assert wishes.ssh_keys == [own]
    path.write_text(shown, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^bitgrid\.yaml:\d+:\d+ ssh_keys[^\n]*is it whole[^\n]*$"):
        read(path)  # who forgets to put in their own is told, and nobody else's is let in


def test_the_file_that_mends_wi_fi_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "bitgrid.yaml"
    path.write_text(yaml_in(RECOVERY)[0])
    wishes = read(path)
    assert wishes.wifi is not None
    assert (wishes.hostname, wishes.ssh_keys, wishes.network, wishes.site) == (None, None, None, None)


def test_the_file_that_gives_it_an_address_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "bitgrid.yaml"
    path.write_text(yaml_in(RECOVERY)[1])
    assert isinstance(read(path).network, Network)


def test_the_log_that_is_explained_is_what_is_written(tmp_path: Path) -> None:
    wrong = yaml_in(RECOVERY)[2]
    (tmp_path / "bitgrid.yaml").write_text(wrong)
    _told, is_taken = first_boot(tmp_path, tmp_path)
    assert not is_taken
    shown = re.findall(r"^```text\n(.*?)^```", RECOVERY.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown == [(tmp_path / LOG).read_text(encoding="utf-8")]
    assert f"`bitgrid.yaml{TAKEN}`" in text_of(RECOVERY)


def known_names() -> set[str]:
    """Every program, unit and label of a card that begins with bitgrid-, without its ending."""
    files = [path for room in (ON_CARD, ROLES) for path in room.rglob("bitgrid-*") if path.is_file()]
    labels = re.findall(r'"(bitgrid-[a-z]+)"', (ON_CARD / "etc/udev/rules.d/70-bitgrid-backup.rules").read_text())
    return {path.name.split(".")[0] for path in files} | set(labels)


def test_every_program_and_unit_that_the_guide_names_is_on_the_card() -> None:
    named = set(re.findall(r"\bbitgrid-[a-z0-9]+(?:-[a-z]+)*", text_of(GUIDE, RECOVERY)))
    assert {"bitgrid-backup", "bitgrid-restore", "bitgrid-update"} <= named & known_names()
    assert named - known_names() == NO_PROGRAMS


def test_the_guide_s_commands_are_those_that_the_programs_take() -> None:
    text = text_of(GUIDE, RECOVERY)
    backup = (ROLES / "backup/files/bitgrid-backup").read_text()
    for word in set(re.findall(r"`sudo bitgrid-backup ([a-z]+)", text)):
        assert f"    {word})" in backup, word
    updater = (ON_CARD / "usr/sbin/bitgrid-update").read_text()
    for word in set(re.findall(r"sudo bitgrid-update ([a-z]+)", text)):
        assert f"    {word})" in updater, word
    for unit in set(re.findall(r"systemctl start ([a-z-]+)", text)):
        assert list(ROLES.glob(f"*/files/{unit}.service")), unit


def test_the_steps_are_as_many_as_is_said() -> None:
    for path, heading, steps, said in (
        (GUIDE, "From a blank card to the first page", 8, "in eight steps"),
        (RECOVERY, "The card died", 10, "in ten steps"),
    ):
        part = path.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
        assert re.findall(r"^(\d+)\. ", part, re.MULTILINE) == [str(number + 1) for number in range(steps)]
        assert said in text_of(path)
