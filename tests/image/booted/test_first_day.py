"""The first start of a card, with its owner's file on it, and the one after: in the order in which they happen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bitgrid_image.layout import MIB
from image.booted.computer import BEGIN_S, Computer
from image.booted.conftest import CARD_MIB

MEMORY_MIB = 700
"""Of 1 GB, what a house may take that has no language model; the rest is for the disk's cache and a bad day."""
MADE_THERE = ("/etc/machine-id", "/data/etc/ssh/ssh_host_ed25519_key.pub", "/etc/bitgrid/tls/ca.crt")


def up_s(computer: Computer) -> float:
    """Seconds since the kernel began."""
    return float(computer.ssh("cat /proc/uptime").split()[0])


@pytest.fixture(scope="module")
def begun(computer: Computer) -> Computer:
    """The house is up; when, in the computer's own seconds, is told at the end."""

    computer.figures["one can log in, s after the kernel began"] = up_s(computer)
    computer.well()
    computer.figures["the house is well, s after the kernel began"] = up_s(computer)
    return computer


class TestBegun:
    def test_the_system_is_up_and_nothing_of_it_failed(self, begun: Computer) -> None:
        assert begun.ssh("systemctl list-units --failed --no-legend --plain").strip() == ""
        begun.eventually(
            lambda: begun.ssh("systemctl is-system-running", may_fail=True).strip() == "running", "it is up"
        )

    def test_the_system_is_read_only_and_what_is_written_is_data_or_memory(self, begun: Computer) -> None:
        mounts = json.loads(begun.ssh("findmnt --json --list --output TARGET,SOURCE,FSTYPE,OPTIONS"))[
            "filesystems"
        ]
        written = {one["target"]: one for one in mounts if "rw" in one["options"].split(",")}
        assert "/" not in written
        assert "/boot/firmware" not in written
        on_disk = {one["source"].split("[")[0] for one in written.values() if one["fstype"] == "ext4"}
        assert len(on_disk) == 1, written.keys()

    def test_the_owner_s_wishes_are_granted_and_off_the_card(self, begun: Computer) -> None:
        assert begun.ssh("hostname").strip() == "sonne"
        assert "Host name is sonne.local" in begun.ssh("sudo journalctl --boot --unit avahi-daemon --output cat")
        names = begun.ssh("sudo ls /boot/firmware").split()
        assert "bitgrid.yaml" not in names
        assert "bitgrid-firstboot.log" in names
        site = begun.ssh("cat /etc/bitgrid/site.yaml")
        assert "Haus Müller" in site
        assert "sonne.local" in site

    def test_the_data_partition_took_the_rest_of_the_card(self, begun: Computer) -> None:
        size = int(begun.ssh("findmnt --bytes --noheadings --output SIZE /data"))
        before = sum(one.size_mib for one in begun.card.partitions[:-1])
        assert size / MIB > (CARD_MIB - before) * 0.9

    def test_what_one_computer_has_was_made_by_it(self, begun: Computer) -> None:
        assert re.fullmatch(r"[0-9a-f]{32}\n", begun.ssh("cat /etc/machine-id"))
        assert begun.ssh("sudo cat /etc/bitgrid/secrets/root/backup-passphrase | wc -c").strip() == "45"
        assert begun.ssh("sudo cat /data/etc/ssh/ssh_host_ed25519_key.pub").startswith("ssh-ed25519 ")

    def test_nobody_has_a_password_and_one_person_a_shell(self, begun: Computer) -> None:
        hashes = begun.ssh("sudo cut -d: -f2 /etc/shadow").split()
        assert {one for one in hashes if not one.startswith(("!", "*"))} == set()
        shells = begun.ssh("grep -v -E '(nologin|false|sync)$' /etc/passwd | cut -d: -f1").split()
        assert shells == ["root", "admin"]

    def test_only_login_and_pages_are_listened_for_and_the_firewall_is_in_force(self, begun: Computer) -> None:
        lines = begun.ssh("sudo ss --listening --tcp --numeric --no-header").splitlines()
        places = [line.split()[3].rsplit(":", 1) for line in lines]
        ports = {int(port) for address, port in places if not address.strip("[]").startswith(("127.", "::1"))}
        assert ports <= {22, 80, 443}
        assert "policy drop" in begun.ssh("sudo nft list chain inet bitgrid input")

    def test_who_becomes_root_or_changes_the_configuration_is_recorded(self, begun: Computer) -> None:
        rules = begun.ssh("sudo auditctl -l")
        assert {"bitgrid", "root", "users"} <= set(re.findall(r"(?:-k |key=)(\w+)", rules)), rules
        assert "backlog_wait_time 0\n" in begun.ssh("sudo auditctl -s"), "no process of the house waits for it"

    def test_the_page_is_there_by_tls_and_asks_who_one_is(self, begun: Computer) -> None:
        assert begun.page() == 200

    def test_every_load_is_off_until_the_first_run_is_over(self, begun: Computer) -> None:
        assert "first_run: true" in begun.ssh("cat /etc/bitgrid/flags.yaml")
        begun.eventually(lambda: "miner" in begun.status(), "the house says how its load is")
        assert not begun.has_a_lease()

    def test_it_fits_into_its_memory(self, begun: Computer) -> None:
        found = dict(re.findall(r"^(\w+):\s+(\d+) kB", begun.ssh("cat /proc/meminfo"), re.MULTILINE))
        used = (int(found["MemTotal"]) - int(found["MemAvailable"])) / 1024
        begun.figures["memory used, MiB"] = used
        assert used < MEMORY_MIB


def test_a_house_with_devices_decides(begun: Computer) -> None:
    begun.devices()

    def is_decided() -> bool:
        told = begun.ssh("sudo bitgrid status", may_fail=True)
        return bool(re.search(r"surplus +\d", told)) and "The surplus is not known" not in told and "miner" in told

    begun.eventually(is_decided, "it decides on what it measures")
    assert begun.decisions() > 0


class TestSecondStart:
    def test_it_is_the_same_computer_and_the_house_is_well(self, begun: Computer) -> None:
        before = {path: begun.ssh(f"sudo cat {path}") for path in MADE_THERE}
        begun.again()
        begun.devices("again")
        begun.send(Path(__file__).with_name("when.py"), "/home/admin/when.py")
        told = json.loads(begun.ssh("sudo /opt/bitgrid/current/bin/python /home/admin/when.py", within_s=BEGIN_S))
        begun.figures |= {f"second start, {what}, s after the kernel began": s for what, s in told.items()}
        assert {path: begun.ssh(f"sudo cat {path}") for path in MADE_THERE} == before
        begun.well()
        assert begun.ssh("systemctl list-units --failed --no-legend --plain").strip() == ""

    def test_the_log_of_the_first_start_was_kept(self, begun: Computer) -> None:
        names = begun.ssh("sudo ls /data/log").split()
        assert [name for name in names if name.endswith(".log.zst")]
        kept = begun.ssh("sudo sh -c 'zstd -dcq /data/log/*.log.zst'")
        assert "bitgrid" in kept


def test_a_mistake_in_the_owner_s_file_is_told_where_any_computer_reads_it(begun: Computer) -> None:
    begun.ssh("sudo systemctl --no-block poweroff")
    begun.ended()
    begun.write("bitgrid.yaml", "schema: 1\nhostname: Two Words\n")
    begun.start()
    begun.wait_for_login()
    begun.eventually(
        lambda: "bitgrid.yaml" in begun.ssh("sudo cat /boot/firmware/bitgrid-firstboot.log"), "the mistake is told"
    )
    assert begun.ssh("hostname").strip() == "sonne"
    assert begun.ssh("sudo ls /boot/firmware/bitgrid.yaml")
    assert "bitgrid.yaml" in begun.ssh("cat /run/bitgrid-firstboot.log"), "the screen's user may read it"
