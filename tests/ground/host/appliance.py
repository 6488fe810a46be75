"""A host that is up: how it is booted, played upon by Ansible over SSH, looked into, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ground.host.release import make_release
from ground.host.root import archive, unpack
from ground.networks import Network, Target, network, wire
from ground.rules import ROOT

HOST4, HOST6, ADMIN4, ADMIN6 = "10.77.0.10", "fd77::10", "10.77.0.1", "fd77::1"
METER4, MINER4, RELAY4, TABLET4, TABLET6 = "10.77.0.20", "10.77.0.30", "10.77.0.31", "10.77.0.60", "fd77::60"
SECOND_METER4 = "10.77.0.21"
WEB4, WEB6 = "203.0.113.5", "2001:db8::5"
PEER4, BROKER_PORT = "10.77.0.2", 8883
AT_HOME = [ADMIN4, METER4, SECOND_METER4, MINER4, RELAY4, TABLET4, PEER4]
ADMIN = "admin"


@dataclass
class Appliance:
    """A booted host, its home and the internet; ``work`` holds keys and inventory."""

    work: Path
    host: Network
    home: Network
    outside: Network
    process: subprocess.Popen[bytes] | None = None
    played: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Where its files are."""
        return self.work / "root"

    @property
    def leader(self) -> int:
        """Its first process, as seen from here."""
        assert self.process is not None
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(text.split()[0])

    def boot(self) -> None:
        """Start it, and wait until one can log in."""
        command = [
            "systemd-nspawn", "--quiet", f"--directory={self.root}", f"--machine=bitgrid-{os.getpid()}", "--boot",
            "--private-network", "--register=no", "--keep-unit",
            "--capability=CAP_NET_ADMIN,CAP_SYS_RESOURCE", "--resolv-conf=off", "--timezone=off", "--console=pipe",
        ]  # fmt: skip
        with (self.work / "boot.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ
                # Its own network's settings it may change; the kernel's it shares with this machine.
                | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"},
            )
        assert any(self._is_begun() for _ in range(600)), self.log
        subprocess.run(["ip", "netns", "attach", self.host.name, str(self.leader)], check=True)
        at_home = [f"{address}/24" for address in AT_HOME] + [f"{ADMIN6}/64", f"{TABLET6}/64"]
        wire(self.host, self.home, [f"{HOST4}/24", f"{HOST6}/64"], at_home)
        route(self.host, ADMIN4, ADMIN6)
        assert any(all(self.home.reaches([Target(HOST4, 22)])) for _ in range(120)), self.log
        self.run("systemctl", "is-system-running", "--wait", may_fail=True)

    def _is_begun(self) -> bool:
        """Whether its own first process runs by now; a tenth of a second is given to it."""
        assert self.process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.1)
            raise AssertionError(self.log)
        with contextlib.suppress(IndexError, FileNotFoundError):
            return Path(f"/proc/{self.leader}/comm").read_text() == "systemd\n"
        return False

    def stop(self) -> None:
        """Go down in order, or be ended."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError, IndexError):
                os.kill(self.leader, signal.SIGRTMIN + 4)  # systemd: power off
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
            self.process = None
            subprocess.run(["ip", "netns", "delete", self.host.name], check=False)

    def goes_down(self, within_s: float) -> None:
        """Wait until it has ended by itself.

        Raises:
            subprocess.TimeoutExpired: it did not in time.
        """
        assert self.process is not None
        self.process.wait(within_s)
        self.stop()

    @property
    def log(self) -> str:
        """The end of what it said on its console."""
        return (self.work / "boot.log").read_text(errors="replace")[-3000:]

    def run(self, *command: str, may_fail: bool = False, text: str = "") -> str:
        """What a command says that root calls on it, not through the network.

        Raises:
            AssertionError: it failed.
        """
        enter = [
            "nsenter",
            f"--target={self.leader}",
            "--all",
            "env",
            "-i",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        ]
        done = subprocess.run([*enter, *command], input=text, capture_output=True, text=True, check=False)
        assert may_fail or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def reaches(self, targets: Sequence[Target], user: str) -> list[bool]:
        """Which targets a user of the host reaches from it, in their order."""
        asked = json.dumps([target.__dict__ for target in targets])
        probe = (Path(__file__).parents[1] / "probe.py").read_text()
        as_user = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups"] if user != "root" else []
        answers: list[bool] = json.loads(self.run(*as_user, "python3", "-I", "-c", probe, asked, "1.0"))
        return answers

    def ssh(
        self, *command: str, user: str = ADMIN, key: str = "key", options: Sequence[str] = ()
    ) -> tuple[int, str]:
        """Exit code and output of a command over a new connection from the home."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.home.name, "ssh", *options, *self.ssh_options(key), f"{user}@{HOST4}",
             *command],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def ssh_options(self, key: str = "key") -> list[str]:
        """A key of this test's own, and nobody's configuration."""
        return [
            "-F", "none", "-i", str(self.work / key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=10", "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
            "-o", f"UserKnownHostsFile={self.work / 'known_hosts'}",
        ]  # fmt: skip

    def play(
        self,
        playbook: str,
        *options: str,
        user: str = ADMIN,
        may_fail: bool = False,
        inventory: str = "inventory",
    ) -> str:
        """Run a playbook against it as its owner would, over SSH from the home; returns what Ansible said.

        Args:
            playbook: below ``ansible/``.
            options: further ones of ansible-playbook.
            user: who logs in.
            may_fail: whether that is no failure of the test.
            inventory: which, below ``work``.

        Raises:
            AssertionError: it failed.
        """
        command = [
            str(Path(sys.executable).parent / "ansible-playbook"), playbook,
            f"--inventory={self.work / inventory}",
            f"--extra-vars=ansible_user={user}", f"--private-key={self.work / 'key'}", *options,
        ]  # fmt: skip
        done = subprocess.run(
            ["ip", "netns", "exec", self.home.name, *command],
            cwd=ROOT / "ansible",
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(self.work / "ansible")},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        (self.work / f"play-{len(self.played)}.log").write_text(said)
        self.played.append(said)
        assert may_fail or done.returncode == 0, said[-6000:]
        return said


def changes(said: str) -> int:
    """How many tasks changed something, by Ansible's own count."""
    found = re.search(r"changed=(\d+)", said)
    assert found is not None, said[-3000:]
    return int(found[1])


@contextlib.contextmanager
def booted(work: Path) -> Iterator[Appliance]:
    """A fresh host in networks of its own; gone at the end."""
    for key in ("key", "wrong"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / key)], check=True)
    make_release(work / "dist")
    unpack(archive(), work / "root", (work / "key.pub").read_text())
    _write_inventory(work / "inventory", (work / "key.pub").read_text().strip(), work)
    tag = os.getpid()
    with ExitStack() as stack:
        home, outside = (stack.enter_context(network(f"bh{tag}-{name}")) for name in ("home", "out"))
        appliance = Appliance(work, Network(f"bh{tag}-host"), home, outside)
        wire(outside, home, [f"{WEB4}/24", f"{WEB6}/64"], ["203.0.113.1/24", "2001:db8::1/64"])
        route(outside, "203.0.113.1", "2001:db8::1")
        home.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        stack.callback(appliance.stop)
        appliance.boot()
        yield appliance


def route(net: Network, v4: str, v6: str) -> None:
    """Everything else goes by these routers."""
    net.run("ip", "route", "add", "default", "via", v4)
    net.run("ip", "-6", "route", "add", "default", "via", v6)


def _write_inventory(where: Path, key: str, work: Path) -> None:
    where.mkdir()
    text = (ROOT / "ansible" / "inventory.example" / "site.yaml").read_text().replace("192.168.1.", "10.77.0.")
    site = yaml.safe_load(text)
    site["broker"]["peers"] = [{"name": "homeassistant", "kind": "home_assistant"}]
    site["home_assistant"] = {"enabled": True}
    (where / "site.yaml").write_text(yaml.safe_dump(site, sort_keys=False))
    rules = (ROOT / "config" / "bitgrid_rules.yaml").read_text()
    # A decision a minute, so that nobody waits ten for the first.
    (work / "bitgrid_rules.yaml").write_text(rules.replace("block_s: 600", "block_s: 60"))
    ssh = f"-F none -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={work / 'known_hosts'}"
    facts = {
        "ansible_host": HOST4,
        "ansible_ssh_common_args": ssh,
        "bitgrid_ssh_authorized_keys": [key],
        "bitgrid_firewall_mqtt_peers": [PEER4],
        "bitgrid_app_rules": str(work / "bitgrid_rules.yaml"),
        "bitgrid_release_directory": str(work / "dist"),
        # The lists are as old as the archive, and there is no mirror here.
        "bitgrid_base_lists_valid_s": 10**9,
    }
    inventory = {"edge": {"hosts": {"bitgrid": facts}}, "gateway": {"hosts": {}}, "research": {"hosts": {}}}
    (where / "hosts.yml").write_text(yaml.safe_dump(inventory))
