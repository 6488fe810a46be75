"""What the owner wrote is put in its place, whole or not at all, and taken off the card."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.config import load_config
from bitgrid.ops.first_boot import applying, first_boot
from bitgrid.ops.first_boot.changes import WIRED, WIRELESS, Change, changes
from bitgrid.ops.first_boot.imager import UNREAD
from bitgrid.ops.first_boot.wishes import Wishes

REPOSITORY = Path(__file__).parents[3]
TEXT = """schema: 1
hostname: sonne
wifi: {name: Am Hang, password: 'correct "horse"', country: DE}
network: {address: 192.168.1.20/24, gateway: 192.168.1.1}
time_zone: Europe/Vienna
site: {name: "Haus Müller: oben", language: en, latitude: 47.1, longitude: 15.4}
"""


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    directory = tmp_path / "boot"
    directory.mkdir()
    return directory


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "config", tmp_path / "root/etc/bitgrid")
    (tmp_path / "root/etc/hostname").write_text("bitgrid\n")
    return tmp_path / "root"


def test_everything_is_in_its_place_and_off_the_card(boot: Path, root: Path) -> None:
    (boot / "bitgrid.yaml").write_text(TEXT)
    told, is_taken = first_boot(boot, root)
    assert is_taken
    assert (root / "etc/hostname").read_text() == "sonne\n"
    wpa = root / "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
    assert f"ssid={b'Am Hang'.hex()}\n" in wpa.read_text()
    assert 'psk="correct "horse""\n' in wpa.read_text()
    assert stat.S_IMODE(wpa.stat().st_mode) == 0o600
    assert "Address=192.168.1.20/24" in (root / "etc/systemd/network/25-bitgrid-wireless.network").read_text()
    assert "DHCP=yes" in (root / "etc/systemd/network/20-bitgrid-wired.network").read_text()
    assert sorted(path.name for path in boot.iterdir()) == ["bitgrid-firstboot.log", "bitgrid.yaml.taken"]
    assert not any("horse" in path.read_text() for path in boot.iterdir())
    assert (boot / "bitgrid-firstboot.log").read_text().splitlines() == told


def test_the_page_answers_to_the_name_that_was_given(boot: Path, root: Path) -> None:
    first_run = REPOSITORY / "ansible/roles/app/files/first_run/site.yaml"
    shutil.copy(first_run, root / "etc/bitgrid/site.yaml")
    for name in ("anna", "sonne", "sonne"):
        (boot / "bitgrid.yaml").write_text(f"schema: 1\nhostname: {name}\n")
        first_boot(boot, root)
        assert load_config(root / "etc/bitgrid").site.web.names == [f"{name}.local"], (
            "of no other .local it is heard"
        )


def test_a_name_that_its_owner_gave_it_elsewhere_stays(boot: Path, root: Path) -> None:
    site = root / "etc/bitgrid/site.yaml"
    text = (REPOSITORY / "ansible/roles/app/files/first_run/site.yaml").read_text()
    site.write_text(text.replace("bitgrid.local", "bitgrid.local, solar.home.example"))
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: sonne\n")
    first_boot(boot, root)
    assert load_config(root / "etc/bitgrid").site.web.names == ["sonne.local", "solar.home.example"]


def test_the_house_is_as_it_was_said_and_its_remarks_stay(boot: Path, root: Path) -> None:
    before = (root / "etc/bitgrid/site.yaml").read_text()
    (boot / "bitgrid.yaml").write_text(TEXT)
    first_boot(boot, root)
    site = load_config(root / "etc/bitgrid").site
    assert (site.name, site.language) == ("Haus Müller: oben", "en")
    assert (site.location.latitude, site.location.longitude) == (47.1, 15.4)
    assert site.location.timezone == "Europe/Vienna"
    after = (root / "etc/bitgrid/site.yaml").read_text()
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]
    assert len(after.splitlines()) == len(before.splitlines())


def test_an_address_alone_is_the_wireless_one_s_where_there_is_one(boot: Path, root: Path) -> None:
    wired, wireless = (root / "etc/systemd/network" / name for name in (WIRED, WIRELESS))
    said = [TEXT, "schema: 1\nnetwork: DHCP\n", "schema: 1\nnetwork: {address: 10.0.0.2/8, gateway: 10.0.0.1}\n"]
    found = []
    for text in said:
        (boot / "bitgrid.yaml").write_text(text)
        first_boot(boot, root)
        found.append("Address=" in wireless.read_text())
        assert "DHCP=yes" in wired.read_text()
    assert found == [True, False, True]


def test_whatever_a_library_makes_of_a_file_is_told_on_the_card(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> Wishes:
        raise LookupError("horse")

    (boot / "bitgrid.yaml").write_text(TEXT)
    monkeypatch.setattr(applying, "read", fails)
    _, is_taken = first_boot(boot, root)
    log = (boot / "bitgrid-firstboot.log").read_text()
    assert (is_taken, "bitgrid.yaml cannot be read" in log, "horse" in log) == (False, True, False)


def test_of_a_file_with_a_mistake_nothing_is_taken_and_the_card_says_why(boot: Path, root: Path) -> None:
    (boot / "bitgrid.yaml").write_text(TEXT.replace("language: en", "language: fr"))
    told, is_taken = first_boot(boot, root)
    assert not is_taken
    assert any("site.language" in line for line in told)
    assert (root / "etc/hostname").read_text() == "bitgrid\n"
    assert not (root / "etc/wpa_supplicant").exists()
    assert (boot / "bitgrid.yaml").exists()
    log = (boot / "bitgrid-firstboot.log").read_text()
    assert log.splitlines() == told
    assert "horse" not in log


def test_nothing_on_the_card_is_nothing_done(boot: Path, root: Path) -> None:
    assert first_boot(boot, root) == ([], True)
    assert list(boot.iterdir()) == []


def test_what_is_not_said_stays(boot: Path, root: Path) -> None:
    (boot / "bitgrid.yaml").write_text("schema: 1\nnetwork: dhcp\n")
    first_boot(boot, root)
    assert (root / "etc/hostname").read_text() == "bitgrid\n"
    assert not (root / "home").exists()
    assert [change.path for change in changes(Wishes.model_validate({"schema": 1}))] == []


def test_a_second_file_changes_what_it_says(boot: Path, root: Path) -> None:
    for name in ("one", "two"):
        (boot / "bitgrid.yaml").write_text(f"schema: 1\nhostname: {name}\n")
        assert first_boot(boot, root)[1]
    assert (root / "etc/hostname").read_text() == "two\n"


def test_imagers_settings_are_taken_where_there_is_no_file_of_ours(boot: Path, root: Path) -> None:
    (boot / "user-data").write_text("#cloud-config\nhostname: sonne\nssh_pwauth: true\n")
    told, is_taken = first_boot(boot, root)
    assert is_taken
    assert "Not done: a password to log in with: nobody logs in with one here." in told
    assert (root / "etc/hostname").read_text() == "sonne\n"
    assert sorted(path.name for path in boot.iterdir()) == ["bitgrid-firstboot.log", "user-data.taken"]


def test_imagers_settings_beside_a_file_of_ours_are_not_taken_now_nor_later_and_their_secrets_go_too(
    boot: Path, root: Path
) -> None:
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: sonne\n")
    (boot / "user-data").write_text("#cloud-config\nhostname: raspberrypi\n")
    (boot / "network-config").write_text('wifis: {wlan0: {access-points: {x: {password: "correct horse"}}}}\n')
    told, is_taken = first_boot(boot, root)
    assert is_taken
    assert "Not done: user-data, for bitgrid.yaml goes before it." in told
    assert not any("horse" in path.read_text() for path in boot.iterdir())
    assert first_boot(boot, root) == ([], True)
    assert (root / "etc/hostname").read_text() == "sonne\n"


NOT_DONE = (
    "Not done: firstrun.sh, which is not read here: write bitgrid.yaml instead, "
    "and take it off the card, for it may hold passwords."
)


def test_settings_that_nobody_reads_are_named_on_the_card_once_and_are_their_owner_s(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = boot / "firstrun.sh"
    script.write_text("wpa_passphrase 'Am Hang' 'correct horse'\n")
    assert first_boot(boot, root) == ([NOT_DONE], True)
    assert (boot / applying.LOG).read_text() == f"{NOT_DONE}\n"
    assert script.exists()
    monkeypatch.setattr(applying, "write_whole", lambda *_: pytest.fail("it was said"))
    assert first_boot(boot, root) == ([NOT_DONE], True)


def test_settings_that_nobody_reads_are_named_beside_those_that_are_taken_and_what_is_said_of_these_stays(
    boot: Path, root: Path
) -> None:
    (boot / "FIRSTRUN.SH").touch()
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: sonne\n")
    told, _ = first_boot(boot, root)
    assert (told[0], told[-1]) == ("Taken over:", NOT_DONE.replace("firstrun.sh", "FIRSTRUN.SH"))
    first_boot(boot, root)
    assert (boot / applying.LOG).read_text().splitlines() == told


@pytest.mark.parametrize("name", sorted(UNREAD))
def test_every_kind_of_settings_that_nobody_reads_is_named(boot: Path, root: Path, name: str) -> None:
    (boot / name).touch()
    assert first_boot(boot, root) == ([NOT_DONE.replace("firstrun.sh", name)], True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hostname: sonne\n", [NOT_DONE.replace("firstrun.sh", "user-data")]),
        ("## template: jinja\n#cloud-config\nhostname: sonne\n", [NOT_DONE.replace("firstrun.sh", "user-data")]),
        ("#cloud-config\n# nothing but remarks\n", []),
        ("\n", []),
    ],
)
def test_user_data_that_is_not_cloud_init_s_is_named(boot: Path, root: Path, text: str, told: list[str]) -> None:
    (boot / "user-data").write_text(text)
    assert first_boot(boot, root) == (told, True)


def test_a_mistake_that_is_gone_and_settings_that_nobody_reads_are_both_told(boot: Path, root: Path) -> None:
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: no name\n")
    first_boot(boot, root)
    (boot / "bitgrid.yaml").rename(boot / "firstrun.sh")
    first_boot(boot, root)
    assert (boot / applying.LOG).read_text() == f"{applying._NOTHING}\n{NOT_DONE}\n"


def test_a_mistake_is_not_told_for_ever_once_its_file_is_gone(boot: Path, root: Path) -> None:
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: no name\n")
    first_boot(boot, root)
    (boot / "bitgrid.yaml").unlink()
    assert first_boot(boot, root) == ([], True)
    assert (boot / applying.LOG).read_text().startswith("There was a mistake")


FULL = OSError(errno.ENOSPC, "No space left on device")


def filled(monkeypatch: pytest.MonkeyPatch, boot: Path, room: Callable[[], bool]) -> None:
    """No file can be made on the boot partition until there is room."""
    make = os.open

    def full(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT and Path(path).parent == boot and not room():
            raise FULL
        return make(path, flags, mode)

    monkeypatch.setattr(os, "open", full)


def test_on_a_full_partition_the_room_of_what_is_taken_over_is_the_log_s(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (boot / applying.LOG).write_text(f"{applying.MISTAKE}\n")
    (boot / "bitgrid.yaml").write_text(TEXT)
    # One file's room: what is written takes it, and what it replaces gives it back.
    filled(monkeypatch, boot, lambda: len(list(boot.iterdir())) < 2)
    told, is_taken = first_boot(boot, root)
    assert (is_taken, told[0]) == (True, "Taken over:")
    assert {path.name for path in boot.iterdir()} == {applying.LOG, "bitgrid.yaml.taken"}
    assert (boot / applying.LOG).read_text().splitlines() == told


def test_on_a_partition_that_stays_full_nothing_secret_stays_and_it_is_told(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (boot / "bitgrid.yaml").write_text(TEXT)
    filled(monkeypatch, boot, lambda: False)
    told, is_taken = first_boot(boot, root)
    assert (is_taken, list(boot.iterdir())) == (True, [])
    assert (root / "etc/hostname").read_text() == "sonne\n"
    assert told[-2:] == [
        "bitgrid-firstboot.log could not be written: No space left on device.",
        "bitgrid.yaml.taken could not be written: No space left on device.",
    ]


def test_on_a_full_partition_a_mistake_is_told_all_the_same(
    boot: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: no name\n")
    filled(monkeypatch, boot, lambda: False)
    words = ["--boot", str(boot), "--root", str(root), "--copy", str(tmp_path / "copy")]
    done = CliRunner().invoke(main, ["host", "first-boot", *words])
    assert (done.exit_code, "bitgrid.yaml:2:1 hostname" in done.output) == (1, True)
    assert f"{applying.LOG} could not be written" in done.output
    assert "bitgrid.yaml:2:1 hostname" in (tmp_path / "copy").read_text()


def test_what_could_not_be_written_whole_leaves_no_half_behind(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise FULL

    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: no name\n")
    monkeypatch.setattr(os, "fsync", full)
    first_boot(boot, root)
    assert [path.name for path in boot.iterdir()] == ["bitgrid.yaml"]


def test_a_mistake_that_was_mended_at_a_start_that_was_cut_off_is_not_told_as_one_that_is_gone(
    boot: Path, root: Path
) -> None:
    (boot / applying.LOG).write_text(f"{applying.MISTAKE}\n")
    (boot / "bitgrid.yaml").write_text("#" * 600)
    assert first_boot(boot, root) == ([], True)
    assert (boot / applying.LOG).read_text().startswith("Taken over: at the start before")


def test_what_cannot_be_taken_off_the_card_is_said_to_be_there_still(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (boot / "bitgrid.yaml").write_text(TEXT)
    monkeypatch.setattr(applying, "remove", fails)
    done = CliRunner().invoke(main, ["host", "first-boot", "--boot", str(boot), "--root", str(root)])
    assert done.exit_code != 0
    assert "passwords may stand in it" in done.output


def test_a_site_that_cannot_be_read_is_said_and_nothing_is_taken(boot: Path, root: Path) -> None:
    (root / "etc/bitgrid/site.yaml").write_text("site: [\n")
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: sonne\n")
    told, is_taken = first_boot(boot, root)
    assert not is_taken
    assert "site.yaml cannot be read on this computer" in told[1]
    assert (root / "etc/hostname").read_text() == "bitgrid\n"


def test_what_was_overwritten_and_not_yet_removed_when_the_power_went_is_no_mistake(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_: Path) -> None:
        raise OSError("no power")

    (boot / "bitgrid.yaml").write_text(TEXT)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda path, **_: cut(path) if path.name == "bitgrid.yaml" else None)
        with pytest.raises(OSError, match="no power"):
            first_boot(boot, root)
    assert "horse" not in (boot / "bitgrid.yaml").read_text()
    assert first_boot(boot, root) == ([], True)
    assert not (boot / "bitgrid.yaml").exists()


def test_a_key_file_that_is_no_text_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    assert applying.put([Change("x", "key\n")], tmp_path)
    assert (tmp_path / "x").read_text() == "key\n"


def test_a_network_that_hides_its_name_is_looked_for(boot: Path, root: Path) -> None:
    (boot / "bitgrid.yaml").write_text(TEXT)
    first_boot(boot, root)
    wpa = (root / "etc/wpa_supplicant/wpa_supplicant-wlan0.conf").read_text().splitlines()
    assert wpa.index("network={") < wpa.index("  scan_ssid=1") < wpa.index("}")


def test_a_copy_beside_the_file_is_named_for_it_holds_the_same_and_is_not_taken_for_a_new_wish(
    boot: Path, root: Path
) -> None:
    (boot / "bitgrid.yaml").write_text(TEXT)
    (boot / "bitgrid (1).yaml").write_text(TEXT)
    told, is_well = first_boot(boot, root)
    assert is_well
    assert [line for line in told if "bitgrid (1).yaml, a copy of bitgrid.yaml; take it off the card" in line]
    told, is_well = first_boot(boot, root)
    assert not is_well
    assert "or take it off the card if it is of before" in "".join(told)


def test_power_that_goes_before_the_end_leaves_the_wishes_where_they_are(
    boot: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every file in turn; the boot after it ends as if nothing had been."""
    whole = root.parent / "whole"
    shutil.copytree(root, whole)
    (boot / "bitgrid.yaml").write_text(TEXT)
    shutil.copytree(boot, boot.parent / "boot2")
    first_boot(boot.parent / "boot2", whole)
    write, left = applying.write_whole, 0

    def cut(path: Path, content: bytes, mode: int | None = None, owner: tuple[int, int] | None = None) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("no power")
        write(path, content, mode, owner)

    cuts = 0
    for number in range(20):
        left = number
        monkeypatch.setattr(applying, "write_whole", cut)
        try:
            first_boot(boot, root)
        except OSError:
            cuts += 1
        else:
            break
        assert (boot / "bitgrid.yaml").exists() or (root / "etc/hostname").read_text() == "sonne\n"
    monkeypatch.setattr(applying, "write_whole", write)
    first_boot(boot, root)
    assert cuts >= 3
    told = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert told == {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*") if path.is_file()}


def test_a_file_that_is_as_it_should_be_is_not_written_again(tmp_path: Path) -> None:
    change = Change("etc/x", "1\n", 0o600)
    assert applying.put([change], tmp_path) == [change]
    assert applying.put([change], tmp_path) == []


def test_the_command_tells_and_its_exit_code_too(boot: Path, root: Path) -> None:
    arguments = ["host", "first-boot", "--boot", str(boot), "--root", str(root)]
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: no name\n")
    told = CliRunner().invoke(main, arguments)
    assert (told.exit_code, "bitgrid.yaml:2:1 hostname" in told.output) == (1, True)
    (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: sonne\n")
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert CliRunner().invoke(main, arguments).output == ""
