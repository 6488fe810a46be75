"""What a card does before and at its first start: scripts of the image, with their tools played by others."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bitgrid.ops.first_boot import COPY, first_boot
from bitgrid.ops.first_boot.imager import UNREAD

ROOT = Path(__file__).parents[2] / "image" / "files" / "root"
KLIBC = ("cat", "ln", "mkdir", "mv")
"""What there is in Debian's initrd without busybox, of all that a script might like to use."""
BEFORE = ROOT / "etc/initramfs-tools/scripts/local-bottom/bitgrid-card"


class Machine:
    """A computer whose tools note how they are called; an exit code can be set for each."""

    def __init__(self, place: Path) -> None:
        self.place, self.tools, self.noted = place, place / "tools", place / "noted"
        self.tools.mkdir(parents=True)
        for directory in ("mnt/data", "mnt/etc", "mnt/sbin", "run", "boot"):
            (place / directory).mkdir(parents=True)
        (place / "mnt/sbin/init").write_text("#!/bin/sh\n")
        (place / "mnt/sbin/init").chmod(0o755)
        (place / "cmdline").write_text("quiet root=PARTUUID=1a2b3c4d-03 ro bitgrid.slot=b\n")
        (place / "uuid").write_text("00112233-4455-6677-8899-aabbccddeeff\n")

    def tool(self, name: str, code: int = 0, says: str = "") -> None:
        """Play a tool."""
        path = self.tools / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.noted}\n{says}\nexit {code}\n')
        path.chmod(0o755)

    def run(self, script: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script with these tools before all others."""
        environment = {
            "PATH": str(self.tools) if script == BEFORE else f"{self.tools}:{os.environ['PATH']}",
            "rootmnt": str(self.place / "mnt"),
            "BITGRID_CMDLINE": str(self.place / "cmdline"),
            "BITGRID_RUN": str(self.place / "run"),
            "BITGRID_UUID": str(self.place / "uuid"),
            "BITGRID_DATA": str(self.place / "mnt/data"),
            "BITGRID_BOOT": str(self.place / "boot"),
            "BITGRID": str(self.tools / "bitgrid"),
        }
        return subprocess.run([script, *words], env=environment, capture_output=True, text=True, check=False)

    def calls(self, name: str = "") -> list[str]:
        """What was called, in its order."""
        noted = self.noted.read_text().splitlines() if self.noted.exists() else []
        return [line for line in noted if line.startswith(name)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "machine")
    for name in ("mount", "e2fsck", "udevadm", "sync", "hostname"):
        machine.tool(name)
    for name in KLIBC:
        (machine.tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    return machine


class TestBeforeTheSystem:
    def test_the_data_partition_of_the_same_card_is_checked_and_mounted(self, machine: Machine) -> None:
        assert machine.run(BEFORE).returncode == 0
        assert machine.calls("e2fsck") == ["e2fsck -p /dev/disk/by-partuuid/1a2b3c4d-04"]
        first = machine.calls("mount")[0]
        assert first.endswith(f"/dev/disk/by-partuuid/1a2b3c4d-04 {machine.place}/mnt/data")
        assert not (machine.place / "run/bitgrid-no-data").exists()
        unit = (machine.place / "run/systemd/system/boot-firmware.mount").read_text()
        assert "\nWhat=/dev/disk/by-partuuid/1a2b3c4d-01\nWhere=/boot/firmware\n" in unit
        assert "\nOptions=ro," in unit
        wanted = machine.place / "run/systemd/system/local-fs.target.wants/boot-firmware.mount"
        assert wanted.resolve().read_text() == unit

    def test_the_machine_s_id_is_made_once_and_stays(self, machine: Machine) -> None:
        machine.run(BEFORE)
        shutil.rmtree(machine.place / "run/systemd")
        (machine.place / "uuid").write_text("ffffffff-4455-6677-8899-aabbccddeeff\n")
        machine.run(BEFORE)
        etc = machine.place / "mnt/data/etc"
        assert (etc / "machine-id").read_text() == "00112233445566778899aabbccddeeff\n"
        assert (etc / "hostname").read_text() == "bitgrid\n"
        bound = [call.split()[3:] for call in machine.calls("mount -o bind")][:2]
        assert bound == [
            [f"{etc}/{name}", f"{machine.place}/mnt/etc/{name}"] for name in ("machine-id", "hostname")
        ]

    def test_the_name_that_the_owner_gave_stays(self, machine: Machine) -> None:
        etc = machine.place / "mnt/data/etc"
        etc.mkdir()
        (etc / "hostname").write_text("house\n")
        machine.run(BEFORE)
        assert (etc / "hostname").read_text() == "house\n"

    @pytest.mark.parametrize(("check", "is_used"), [(0, True), (1, True), (4, False), (8, False)])
    def test_one_that_is_not_sound_is_not_used_and_that_is_said(
        self, machine: Machine, check: int, *, is_used: bool
    ) -> None:
        machine.tool("e2fsck", check)
        assert machine.run(BEFORE).returncode == 0
        is_memory = any("-t tmpfs" in call for call in machine.calls("mount"))
        told = machine.place / "run/bitgrid-no-data"
        assert (is_memory, told.exists()) == (not is_used, not is_used)
        if not is_used:
            assert "Replace the card" in told.read_text()
            assert not any("-t ext4" in call for call in machine.calls("mount"))

    def test_one_that_cannot_be_mounted_keeps_no_system_from_starting(self, machine: Machine) -> None:
        machine.tool("mount", says='case "$*" in *ext4*) exit 32 ;; esac')
        assert machine.run(BEFORE).returncode == 0
        assert (machine.place / "run/bitgrid-no-data").exists()

    def test_what_was_not_started_from_a_card_is_left_alone(self, machine: Machine) -> None:
        (machine.place / "cmdline").write_text("root=/dev/vda1 ro\n")
        assert machine.run(BEFORE).returncode == 0
        assert machine.calls() == []

    def test_a_slot_without_a_system_is_left_by_a_restart_and_gives_nobody_a_shell(self, machine: Machine) -> None:
        for name in ("sleep", "reboot"):
            machine.tool(name)
        machine.run(BEFORE)
        assert machine.calls("reboot") == []
        (machine.place / "mnt/sbin/init").unlink()
        machine.noted.unlink()
        machine.run(BEFORE)
        assert machine.calls()[:2] == ["sleep 10", "reboot -f"]

    def test_it_needs_nothing_before_it(self, machine: Machine) -> None:
        assert machine.run(BEFORE, "prereqs").stdout == "\n"
        assert machine.calls() == []


class TestGrowing:
    @pytest.fixture(autouse=True)
    def disk(self, machine: Machine) -> None:
        machine.tool("findmnt", says="echo /dev/mmcblk0p4")
        for name in ("sfdisk", "partx", "resize2fs"):
            machine.tool(name)

    @pytest.mark.parametrize("table", ["dos", "gpt"])
    def test_the_table_goes_before_the_file_system(self, machine: Machine, table: str) -> None:
        machine.tool("lsblk", says=f'case "$*" in *PKNAME*) echo mmcblk0 ;; *) echo {table} ;; esac')
        assert machine.run(ROOT / "usr/lib/bitgrid/grow-data").returncode == 0
        did = [call.split()[0] for call in machine.calls() if not call.startswith(("findmnt", "lsblk"))]
        assert did == [*(["sfdisk"] if table == "gpt" else []), "sfdisk", "partx", "resize2fs"]
        assert machine.calls("sfdisk")[-1].endswith("-N 4 /dev/mmcblk0")
        assert machine.calls("resize2fs") == ["resize2fs /dev/mmcblk0p4"]
        assert (machine.place / "mnt/data/.grown").exists()

    def test_what_failed_is_done_again_at_the_next_start(self, machine: Machine) -> None:
        machine.tool("lsblk", says='case "$*" in *PKNAME*) echo mmcblk0 ;; *) echo dos ;; esac')
        machine.tool("sfdisk", 1)
        assert machine.run(ROOT / "usr/lib/bitgrid/grow-data").returncode != 0
        assert machine.calls("resize2fs") == []
        assert not (machine.place / "mnt/data/.grown").exists()


class TestBeginning:
    """What of the system's own begins on the data partition."""

    BEGIN = ROOT / "usr/lib/bitgrid/begin-data"

    @pytest.fixture
    def system(self, machine: Machine) -> Path:
        """A system with a configuration and a table of mounts."""
        system = machine.place / "system"
        (system / "etc/bitgrid").mkdir(parents=True)
        (system / "etc/bitgrid/site.yaml").write_text("schema: 1\n")
        (system / "etc/bitgrid").chmod(0o1770)
        lines = ["# what is where", "tmpfs /var/log tmpfs rw 0 0", "/data/etc/bitgrid /etc/bitgrid none bind 0 0"]
        (system / "etc/fstab").write_text("\n".join(lines) + "\n")
        return system

    def begin(self, machine: Machine, system: Path) -> Path:
        """Run it; where /etc/bitgrid of this card is."""
        environment = {
            "PATH": os.environ["PATH"],
            "BITGRID_ROOT": str(system),
            "BITGRID_DATA": str(machine.place / "mnt/data"),
            "BITGRID_RUN": str(machine.place / "run"),
        }
        subprocess.run([self.BEGIN], env=environment, check=True, capture_output=True)
        return machine.place / "mnt/data/etc/bitgrid"

    def test_it_begins_as_the_system_brings_it_and_is_its_owner_s_from_then_on(
        self, machine: Machine, system: Path
    ) -> None:
        place = self.begin(machine, system)
        assert (place / "site.yaml").read_text() == "schema: 1\n"
        assert place.stat().st_mode & 0o7777 == 0o1770
        (place / "site.yaml").write_text("mine\n")
        self.begin(machine, system)
        assert (place / "site.yaml").read_text() == "mine\n"
        assert [path.name for path in place.parent.iterdir()] == ["bitgrid"]
        assert not (machine.place / "mnt/data/var").exists()

    def test_what_was_cut_off_is_begun_again(self, machine: Machine, system: Path) -> None:
        half = machine.place / "mnt/data/etc/bitgrid.new"
        half.mkdir(parents=True)
        (half / "rules.yaml").write_text("half")
        place = self.begin(machine, system)
        assert [path.name for path in place.iterdir()] == ["site.yaml"]

    def test_without_a_data_partition_there_is_no_configuration(self, machine: Machine, system: Path) -> None:
        (machine.place / "run/bitgrid-no-data").write_text("gone")
        assert list(self.begin(machine, system).iterdir()) == []


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="openssh-client is not installed")
def test_the_host_s_key_is_made_once_and_is_its_own(machine: Machine, tmp_path: Path) -> None:
    script = ROOT / "usr/lib/bitgrid/make-host-key"
    key = machine.place / "mnt/data/etc/ssh/ssh_host_ed25519_key"
    assert machine.run(script).returncode == 0
    first = key.read_text()
    assert machine.run(script).returncode == 0
    assert key.read_text() == first
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    other = Machine(tmp_path / "other")
    other.tool("sync")
    other.run(script)
    assert (other.place / "mnt/data/etc/ssh/ssh_host_ed25519_key").read_text() != first


def test_what_backups_are_encrypted_by_is_made_once(tmp_path: Path) -> None:
    script = ROOT / "usr/lib/bitgrid/make-backup-passphrase"
    environment = {"PATH": os.environ["PATH"], "BITGRID_SECRETS": str(tmp_path / "secrets")}
    made = tmp_path / "secrets/root/backup-passphrase"
    subprocess.run([script], env=environment, check=True)
    first = made.read_text()
    assert len(first.strip()) == 44
    assert made.stat().st_mode & 0o777 == 0o600
    subprocess.run([script], env=environment, check=True)
    assert made.read_text() == first
    # Beside it while a restore tries another: whatever was typed is undone by the next start.
    made.rename(made.with_name("backup-passphrase.own"))
    made.write_text("mistyped\n")
    subprocess.run([script], env=environment, check=True)
    assert made.read_text() == first
    assert [path.name for path in made.parent.iterdir()] == ["backup-passphrase"]
    made.with_name("backup-passphrase.own").touch()
    subprocess.run([script], env=environment, check=True)
    assert made.read_text() == first, "one that is empty is nobody's"


class TestRestore:
    """From a new card to the house of the last backup."""

    @pytest.fixture
    def house(self, machine: Machine) -> Path:
        """What the new card has written so far."""
        house = machine.place / "house"
        (house / "ledger").mkdir(parents=True)
        (house / "ledger/2026-11.sqlite").write_text("of the new card")
        for name in ("bitgrid", "bitgrid-backup", "systemctl"):
            machine.tool(name)
        return house

    @pytest.fixture
    def own(self, machine: Machine) -> Path:
        """What this card's own backups are encrypted by."""
        own = machine.place / "secrets/root/backup-passphrase"
        own.parent.mkdir(parents=True)
        own.write_text("this card's\n")
        return own

    def restore(self, machine: Machine, house: Path) -> int:
        """Its exit code, once the passphrase was typed."""
        return self.done(machine, house).returncode

    def done(self, machine: Machine, house: Path) -> subprocess.CompletedProcess[str]:
        """The same, and what it said."""
        environment = {
            "PATH": f"{machine.tools}:{os.environ['PATH']}",
            "BITGRID": str(machine.tools / "bitgrid"),
            "BITGRID_SECRETS": str(machine.place / "secrets"),
            "BITGRID_HOUSE": str(house),
            "BITGRID_STAGE": str(machine.place / "stage"),
        }
        words = [ROOT / "usr/sbin/bitgrid-restore"]
        return subprocess.run(words, env=environment, input="a b c\n", text=True, capture_output=True, check=False)

    def test_it_is_judged_before_anything_is_stopped_and_nothing_is_removed(
        self, machine: Machine, house: Path
    ) -> None:
        assert self.restore(machine, house) == 0
        assert [call.split()[:2] for call in machine.calls() if not call.startswith("sync ")] == [
            ["bitgrid-backup", "unpack"],
            ["systemctl", "stop"],
            ["bitgrid", "host"],
            ["bitgrid", "ledger"],
        ]
        assert (machine.place / "secrets/root/backup-passphrase").read_text() == "a b c\n"
        assert (house / "before-restore/ledger/2026-11.sqlite").read_text() == "of the new card"
        assert [path.name for path in house.iterdir()] == ["before-restore"]

    def test_an_older_one_can_be_taken_after_the_last_one(self, machine: Machine, house: Path) -> None:
        assert self.restore(machine, house) == 0
        (house / "ledger").mkdir()
        (house / "ledger/2026-11.sqlite").write_text("of the last backup")
        assert self.restore(machine, house) == 0
        kept = sorted(path.read_text() for path in house.glob("before-restore*/ledger/*"))
        assert kept == ["of the last backup", "of the new card"]

    def test_a_backup_that_is_not_whole_changes_nothing(self, machine: Machine, house: Path, own: Path) -> None:
        """Nor what this card's own backups are encrypted by: who typed it wrong has its kit alone."""
        machine.tool("bitgrid-backup", 1)
        done = self.done(machine, house)
        assert done.returncode != 0
        assert "Nothing was changed" in done.stderr
        assert (house / "ledger/2026-11.sqlite").exists()
        assert machine.calls("systemctl") == []
        assert own.read_text() == "this card's\n"
        assert [path.name for path in own.parent.iterdir()] == ["backup-passphrase"]

    def test_whoever_gives_up_while_it_is_unpacked_keeps_the_passphrase_of_the_card(
        self, machine: Machine, house: Path, own: Path
    ) -> None:
        machine.tool("bitgrid-backup", says="kill -TERM $PPID; sleep 0.2")
        assert self.restore(machine, house) != 0
        assert own.read_text() == "this card's\n"
        assert machine.calls("systemctl") == []

    def test_where_the_power_goes_while_it_is_unpacked_the_next_start_gives_the_card_its_own_back(
        self, machine: Machine, house: Path, own: Path
    ) -> None:
        machine.tool("bitgrid-backup", says="kill -KILL $PPID; sleep 0.2")
        assert self.restore(machine, house) != 0
        assert own.read_text() == "a b c\n"
        environment = {"PATH": os.environ["PATH"], "BITGRID_SECRETS": str(machine.place / "secrets")}
        subprocess.run([ROOT / "usr/lib/bitgrid/make-backup-passphrase"], env=environment, check=True)
        assert own.read_text() == "this card's\n"
        assert [path.name for path in own.parent.iterdir()] == ["backup-passphrase"]

    def test_once_it_is_judged_whole_the_kit_s_is_this_card_s_whatever_comes(
        self, machine: Machine, house: Path, own: Path
    ) -> None:
        machine.tool("systemctl", says="kill -KILL $PPID; sleep 0.2")
        assert self.restore(machine, house) != 0
        assert own.read_text() == "a b c\n"
        assert [path.name for path in own.parent.iterdir()] == ["backup-passphrase"]
        did = [call.split()[0] for call in machine.calls()]
        assert did.index("sync") < did.index("bitgrid-backup"), "put aside for good"
        assert did.index("bitgrid-backup") < len(did) - 1 - did[::-1].index("sync") < did.index("systemctl")

    def test_one_that_was_cut_off_is_done_again(self, machine: Machine, house: Path) -> None:
        """Half a house stands there then, and what was there before it in its place."""
        half = f'case "$*" in "host restore"*) mkdir {house}/ledger; touch {house}/ledger/half; exit 1 ;; esac'
        machine.tool("bitgrid", says=half)
        done = self.done(machine, house)
        assert done.returncode != 0
        assert "The house is stopped, and every load off. Run bitgrid-restore once more" in done.stderr
        machine.tool("bitgrid")
        done = self.done(machine, house)
        assert (done.returncode, done.stderr) == (0, "Passphrase of the kit: ")
        assert (house / "before-restore/ledger/2026-11.sqlite").read_text() == "of the new card"
        assert (house / "before-restore.2/ledger/half").exists()
        assert sorted(path.name for path in house.iterdir()) == ["before-restore", "before-restore.2"]


class TestLog:
    """What the journal said is kept, from where the last file ends."""

    SCRIPT = ROOT / "usr/lib/bitgrid/keep-log"

    @pytest.fixture(autouse=True)
    def journal(self, machine: Machine) -> Path:
        machine.tool(
            "journalctl", says='for word; do file=${word#--cursor-file=}; done; echo next >"$file"; echo said'
        )
        machine.tool("zstd", says="cat")
        return machine.place / "mnt/data/log"

    def test_a_file_each_time_and_the_next_begins_where_it_ends(self, machine: Machine, journal: Path) -> None:
        machine.tool("date", says="echo 2026-11-21T030500")
        assert machine.run(self.SCRIPT).returncode == 0
        assert (journal / "2026-11-21T030500.log.zst").read_text().endswith("said\n")
        assert (journal / ".said").read_text() == "next\n"
        assert machine.calls("journalctl")[0].endswith(f"--cursor-file={journal}/.said.new")

    def test_where_it_failed_the_next_file_has_it_all(self, machine: Machine, journal: Path) -> None:
        machine.tool("zstd", 1)
        assert machine.run(self.SCRIPT).returncode != 0
        assert not (journal / ".said").exists()
        assert list(journal.glob("*.log.zst")) == []
        (half,) = journal.glob("*.log.zst.new")
        machine.tool("zstd", says="cat")
        assert machine.run(self.SCRIPT).returncode == 0
        assert list(journal.glob("*.new")) == [], half

    def test_no_more_than_thirty_are_kept(self, machine: Machine, journal: Path) -> None:
        journal.mkdir(parents=True)
        for day in range(10, 42):
            (journal / f"2026-01-{day}.log.zst").touch()
        machine.tool("date", says="echo 2026-11-21T030500")
        assert machine.run(self.SCRIPT).returncode == 0
        left = sorted(path.name for path in journal.glob("*.log.zst"))
        assert (len(left), left[0], left[-1]) == (30, "2026-01-13.log.zst", "2026-11-21T030500.log.zst")


class TestTaking:
    """What the owner wrote onto the boot partition."""

    TAKE = ROOT / "usr/lib/bitgrid/take-first-boot"
    NAMES = (
        *("bitgrid.yaml", "BITGRID.YAML", "bitgrid.yaml.txt", "bitgrid.yml", "bitgrid", "Bitgrid.yaml.rtf"),
        *(
            "bitgrid(1).yaml",
            "bitgrid (2).yaml",
            "bitgrid - Kopie.yaml",
            "bitgrid copy.yaml",
            "BitGrid copy ü.yaml",
        ),
        *("user-data", "network-config", *sorted(UNREAD)),
    )

    @pytest.mark.parametrize("code", [0, 1])
    def test_it_is_taken_over_while_the_partition_can_be_written(self, machine: Machine, code: int) -> None:
        boot, data, run = (machine.place / name for name in ("boot", "mnt/data", "run"))
        (boot / "bitgrid.yaml").touch()
        machine.tool("bitgrid", code)
        assert machine.run(self.TAKE).returncode == code
        assert machine.calls() == [
            f"mount -o remount,rw {boot}",
            f"bitgrid host first-boot --boot {boot} --root {data} --copy {run}/bitgrid-firstboot.log",
            f"mount -o remount,ro {boot}",
            f"hostname -F {data}/etc/hostname",
        ]
        assert COPY == "run/bitgrid-firstboot.log", "where the screen reads it"

    @pytest.mark.parametrize("name", NAMES)
    def test_whatever_is_taken_or_told_is_looked_at(self, machine: Machine, name: str) -> None:
        boot = machine.place / "boot"
        (boot / name).write_text("#cloud-config\n- no mapping\n")
        machine.tool("bitgrid")
        machine.run(self.TAKE)
        told, is_taken = first_boot(boot, machine.place / "mnt/data")
        assert told, "there is something to tell of it"
        assert is_taken == (name in UNREAD), "what nobody reads is no mistake"
        assert len(machine.calls("bitgrid host first-boot")) == 1

    def test_where_there_is_nothing_to_take_the_partition_is_left_alone(self, machine: Machine) -> None:
        boot, copy = machine.place / "boot", machine.place / "run/bitgrid-firstboot.log"
        copy.write_text("of a start before, by hand\n")
        (boot / "a").mkdir()
        (boot / "bitgrid-firstboot.log").write_text("Taken over:\netc/hostname: written\n")
        for name in ("bitgrid.yaml.taken", "user-data.taken", "config.txt", "bitgrid-0.1.0-arm64.update"):
            (boot / name).touch()
        assert machine.run(self.TAKE).returncode == 0
        assert machine.calls() == [f"hostname -F {machine.place}/mnt/data/etc/hostname"]
        assert not copy.exists()

    def test_a_mistake_is_forgotten_once_its_file_is_gone(self, machine: Machine) -> None:
        boot = machine.place / "boot"
        (boot / "bitgrid.yaml").write_text("schema: 1\nhostname: no name\n")
        first_boot(boot, machine.place / "mnt/data")
        (boot / "bitgrid.yaml").unlink()
        for _ in range(2):
            machine.tool("bitgrid")
            machine.run(self.TAKE)
            first_boot(boot, machine.place / "mnt/data")
        assert len(machine.calls("bitgrid host first-boot")) == 1

    def test_what_cannot_be_looked_at_is_left_to_who_tells_it(self, machine: Machine) -> None:
        machine.tool("bitgrid", 1)
        machine.tool("find", 1)
        assert machine.run(self.TAKE).returncode == 1
        assert len(machine.calls("bitgrid host first-boot")) == 1


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (["image", "new.tar", "--no-restart"], "bitgrid host update-image new.tar --no-restart"),
        (["status"], "bitgrid host last-update"),
    ],
)
def test_the_owner_s_command(machine: Machine, words: list[str], called: str) -> None:
    machine.tool("bitgrid")
    assert machine.run(ROOT / "usr/sbin/bitgrid-update", *words).returncode == 0
    assert machine.calls() == [called]
    assert machine.run(ROOT / "usr/sbin/bitgrid-update", "dance").returncode == 2
