"""A computer of QEMU's that is started from a copy of the card: its disk, its screen, and a way in."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid_image.layout import MIB, Layout, Machine
from bitgrid_image.tools import Tools

SSH, TLS = 22, 443
BEGIN_S = float(os.environ.get("BITGRID_TEST_BOOT_S", "1800"))
"""Machine seconds for what an emulated processor takes; one that has nothing else to do needs a tenth of it."""
COUNT = """
import glob, sqlite3
files = glob.glob('/var/lib/bitgrid/ledger/*.sqlite')
ledger = [sqlite3.connect(f'file:{one}?mode=ro', uri=True) for one in files]
print(sum(one.execute('SELECT count(*) FROM decision').fetchone()[0] for one in ledger))
"""
_UEFI = ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd")


@dataclass
class Computer:
    """What is started from a card.

    Args:
        work: an empty directory, not in memory: the card's copy goes there.
        card: how the card is divided.
        tools: Debian's own, for its partitions.
        memory_mib: what it has.
        stick: a disk that is plugged in at every start, to be read alone.
        begins: what its own clock says when it is switched on, as ``2000-01-01``; None: what this machine's does.
    """

    work: Path
    card: Layout
    tools: Tools
    memory_mib: int = 1024
    stick: Path | None = None
    begins: str | None = None
    ports: dict[int, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def disk(self) -> Path:
        """The copy of the card."""
        return self.work / "card.img"

    @property
    def screen(self) -> str:
        """What it said on its serial line, of all starts."""
        path = self.work / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def insert(self, image: Path, size_mib: int) -> None:
        """Copy the card onto a larger one, and let the kernel speak on the serial line."""
        subprocess.run(["cp", "--sparse=always", image, self.disk], check=True)
        os.truncate(self.disk, size_mib * MIB)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / "key"], check=True)
        name = "cmdline.txt" if self.card.machine is Machine.ARM64 else "slot.cfg"
        for slot in "ab":
            with contextlib.suppress(FileNotFoundError):
                self.tell_kernel(f"{slot}/{name}")

    def tell_kernel(self, name: str) -> None:
        """Let it speak where it is heard: the last console is the one that init speaks on."""
        text = self.read(name)
        serial = "ttyAMA0" if self.card.machine is Machine.ARM64 else "ttyS0"
        self.write(name, text.replace("console=tty1", f"console=tty1 console={serial}", 1))

    def read(self, name: str) -> str:
        """A file of the boot partition.

        Raises:
            FileNotFoundError: it is not there.
        """
        if not self.tools_say("mdir", "-b", *self._boot, f"::{name}", may_fail=True):
            raise FileNotFoundError(name)
        return self.tools_say("mtype", *self._boot, f"::{name}")

    def write(self, name: str, text: str) -> None:
        """Put a file onto the boot partition, as its owner does on any computer."""
        (self.work / "file").write_text(text)
        self.tools_say("mcopy", "-o", *self._boot, "/mnt/here/file", f"::{name}")

    def copy_out(self, name: str) -> Path:
        """A file of the boot partition, here."""
        target = self.work / Path(name).name
        self.tools_say("mcopy", "-o", *self._boot, f"::{name}", f"/mnt/here/{target.name}")
        return target

    @property
    def _boot(self) -> list[str]:
        return ["-i", f"/mnt/here/{self.disk.name}@@{self.card.begin_mib(0)}M"]

    def tools_say(self, *words: str, may_fail: bool = False) -> str:
        """What a tool says of the card, which no computer runs from meanwhile."""
        assert self.process is None, "the card is in use"
        try:
            return self.tools.run(*words, places={"here": self.work}, epoch_s=0).stdout
        except Exception:
            if may_fail:
                return ""
            raise

    def begin(self, wishes: str) -> None:
        """Put its owner's file onto the card, switch it on, and wait until one can log in."""
        self.write("bitgrid.yaml", wishes.format(key=(self.work / "key.pub").read_text().strip()))
        self.start()
        self.wait_for_login()

    def start(self) -> None:
        """Switch it on."""
        self.ports = {inside: free_port() for inside in (SSH, TLS)}
        with (self.work / "qemu.log").open("ab") as log:
            self.process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _command(self) -> list[str]:
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{port}-:{inside}" for inside, port in self.ports.items())
        console = f"file,id=serial,append=on,path={self.work}/console.log"
        return [
            *self._machine(), "-smp", "2", "-m", str(self.memory_mib), "-accel", "tcg,thread=multi",
            "-display", "none", "-monitor", "none", "-chardev", console, "-serial", "chardev:serial",
            "-drive", f"file={self.disk},format=raw,if=none,id=card,cache=unsafe",
            "-device", "virtio-blk-pci,drive=card",
            "-netdev", f"user,id=home,restrict=on{forwards}", "-device", "virtio-net-pci,netdev=home",
            *self._plugged_in(), *([] if self.begins is None else ["-rtc", f"base={self.begins}"]),
        ]  # fmt: skip

    def _plugged_in(self) -> list[str]:
        if self.stick is None:
            return []
        drive = f"file={self.stick},format=raw,if=none,id=stick,readonly=on"
        return ["-drive", drive, "-device", "virtio-blk-pci,drive=stick"]

    def _machine(self) -> list[str]:
        if self.card.machine is Machine.ARM64:
            line = self.read_before_start("a/cmdline.txt").strip()
            return [
                "qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72",
                "-kernel", str(self.work / "vmlinuz"), "-initrd", str(self.work / "initrd.img"), "-append", line,
            ]  # fmt: skip
        code, variables = _UEFI
        if not (self.work / "uefi").exists():
            shutil.copy(variables, self.work / "uefi")
        return [
            "qemu-system-x86_64", "-M", "q35", "-cpu", "Nehalem",
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
            "-drive", f"if=pflash,format=raw,unit=1,file={self.work / 'uefi'}",
        ]  # fmt: skip

    def read_before_start(self, name: str) -> str:
        """A file of the boot partition, with kernel and initrd of its directory brought here beside it."""
        for one in ("vmlinuz", "initrd.img"):
            self.copy_out(f"{Path(name).parent}/{one}")
        return self.read(name)

    def stop(self) -> None:
        """Pull the plug."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def ended(self, within_s: float = 120) -> None:
        """Wait until it has switched itself off."""
        assert self.process is not None
        self.process.wait(within_s)
        self.process = None

    def ssh(self, command: str, *, may_fail: bool = False, within_s: float = 300) -> str:
        """What a shell of the administrator's says to a line.

        Raises:
            AssertionError: it failed.
        """
        done = self._ssh(command, within_s)
        assert may_fail or done.returncode == 0, f"{command}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    def boot_id(self) -> str:
        """Another one for each start; empty while one cannot log in."""
        return self.ssh("cat /proc/sys/kernel/random/boot_id", may_fail=True).strip()

    def well(self) -> None:
        """Wait until the house is well."""
        self.eventually(
            lambda: "well" in self.ssh("sudo bitgrid host healthy --within 5", may_fail=True), "the house is well"
        )

    def status(self) -> str:
        """What the house says of itself."""
        return self.ssh("sudo bitgrid status 2>&1", may_fail=True)

    def has_a_lease(self) -> bool:
        """Whether a load may run."""
        return re.search(r"· lease \d+ s", self.status()) is not None

    def page(self) -> int:
        """The status of the log-in's page, over TLS: by the appliance's own authority and this machine's clock."""
        (self.work / "ca.crt").write_text(self.ssh("sudo cat /etc/bitgrid/tls/ca.crt"))
        context = ssl.create_default_context(cafile=self.work / "ca.crt")
        address = f"https://localhost:{self.ports[TLS]}/login"
        with urllib.request.urlopen(address, context=context, timeout=60) as answer:
            return int(answer.status)

    def devices(self, *words: str) -> None:
        """Give the house devices; with ``again``, after a start, the same."""
        place = "/tmp/devices.sh"  # noqa: S108  in memory, for the disk may be full
        self.send(Path(__file__).with_name("devices.sh"), place)
        self.ssh(f"sudo sh {place} {' '.join(words)}")

    def decisions(self) -> int:
        """How many stand in the ledger, which is whole."""
        said = self.ssh("sudo bitgrid ledger verify --data /var/lib/bitgrid")
        assert "Every record is as it was written." in said, said
        return int(self.ssh(f'sudo python3 -c "{COUNT}"'))

    def again(self) -> None:
        """Let it end in order and begin anew, and wait until one can log in."""
        began = self.boot_id()
        self.ssh("sudo systemctl --no-block reboot")
        self.eventually(lambda: self.boot_id() not in {"", began}, "it is back")

    def written_mib(self) -> float:
        """How much it has written onto its card since it began."""
        sectors = int(self.ssh("cat /sys/block/vda/stat").split()[6])
        return sectors * 512 / MIB

    def send(self, file: Path, place: str) -> None:
        """Copy a file to the administrator's home."""
        with file.open("rb") as content:
            words = ["ssh", *self._options(), "admin@127.0.0.1", f"cat >{place}"]
            subprocess.run(words, stdin=content, check=True, timeout=1800)

    def _ssh(self, command: str, within_s: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ssh", *self._options(), "admin@127.0.0.1", command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=within_s,
        )  # fmt: skip

    def _options(self) -> list[str]:
        """A key of this test's own, and nobody's configuration."""
        return [
            "-F", "none", "-i", str(self.work / "key"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=20", "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
            "-o", f"UserKnownHostsFile={self.work / 'known_hosts'}", "-p", str(self.ports[SSH]),
            "-o", "HostKeyAlias=card",
        ]  # fmt: skip

    def wait_for_login(self) -> None:
        """Wait until one can log in."""
        self.eventually(lambda: self._ssh("true").returncode == 0, "one can log in")

    def eventually(self, holds: Callable[[], bool], what: str, within_s: float = BEGIN_S) -> float:
        """Wait until something holds; how long that took, machine seconds.

        Raises:
            AssertionError: it does not in time, or the computer is off.
        """
        began_s = time.monotonic()
        while not holds():
            assert self.process is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
                raise AssertionError(f"{what}: it went off.\n{self.screen[-3000:]}")
            assert time.monotonic() - began_s < within_s, f"{what}: not in {within_s} s.\n{self.screen[-3000:]}"
        return time.monotonic() - began_s


def free_port() -> int:
    """One of the loopback's that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def inserted(work: Path, card: Layout, tools: Tools, image: Path, size_mib: int) -> Iterator[Computer]:
    """A computer with a card in it, off; its plug is pulled at the end."""
    computer = Computer(work, card, tools)
    computer.insert(image, size_mib)
    try:
        yield computer
    finally:
        computer.stop()
