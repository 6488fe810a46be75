"""Networks made for a test: namespaces, the wires between them, listeners and probes in them. Needs root."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
WAIT_S = 1.0
"""Machine seconds in which an open place answers, unless the machine is very busy; it takes a millisecond."""
TRIES = 20
"""How often one that should have answered is asked again."""


def missing() -> str:
    """Why networks cannot be made here; empty where they can."""
    if os.geteuid() != 0:
        return "only root may make networks"
    lacking = [name for name in ("ip", "nft", "setpriv") if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


@dataclass(frozen=True)
class Target:
    """A place to be reached, and from which of one's own addresses."""

    address: str
    port: int
    protocol: str = "tcp"
    source: str = ""
    source_port: int = 0


class Network:
    """One network namespace."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str, text: str = "") -> str:
        """What a command says in it.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def load(self, rules: str) -> None:
        """Let these firewall rules be in force in it."""
        self.run("nft", "-f", "-", text=rules)

    def reaches(self, targets: Sequence[Target], uid: int = 0, wait_s: float = WAIT_S) -> list[bool]:
        """Which targets a user reaches from it, in their order."""
        asked = json.dumps([asdict(target) for target in targets])
        as_user = ["setpriv", f"--reuid={uid}", "--regid=65534", "--clear-groups"] if uid else []
        text = (HERE / "probe.py").read_text()
        # Its text, not its path: that user may not be let into this directory.
        said = self.run(*as_user, "/usr/bin/python3", "-I", "-c", text, asked, str(wait_s))
        answers: list[bool] = json.loads(said)
        return answers

    def settles(self, targets: Sequence[Target], wanted: Sequence[bool], uid: int = 0) -> list[bool]:
        """Which targets a user reaches from it, where ``wanted`` says which it should.

        One that should be reached and was late is asked again, for a busy machine may be late; one that is reached
        and should not be stays so.
        """
        found = self.reaches(targets, uid)
        for _ in range(TRIES):
            late = [at for at, (is_, should) in enumerate(zip(found, wanted, strict=True)) if should and not is_]
            if not late:
                break
            for at, answer in zip(late, self.reaches([targets[at] for at in late], uid), strict=True):
                found[at] = answer
        return found

    def counted(self, name: str) -> int:
        """Packets that a counter of the firewall has seen."""
        told = json.loads(self.run("nft", "--json", "list", "counter", "inet", "bitgrid", name))
        return sum(item["counter"]["packets"] for item in told["nftables"] if "counter" in item)

    @contextlib.contextmanager
    def listening(self, places: Sequence[tuple[str, str, int]]) -> Iterator[None]:
        """Somebody answers at these places, each (protocol, address, port)."""
        command = [PYTHON, "-I", str(HERE / "listen.py"), json.dumps(places)]
        with subprocess.Popen(
            ["ip", "netns", "exec", self.name, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
            process.stdin.close()
            process.wait(10)


@contextlib.contextmanager
def network(name: str) -> Iterator[Network]:
    """A namespace with its loopback up, gone again at the end."""
    _ip("netns", "add", name)
    try:
        made = Network(name)
        made.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        _ip("netns", "delete", name)


def wire(one: Network, other: Network, addresses: Sequence[str], others: Sequence[str]) -> None:
    """A wire between two networks, with the addresses (with prefix length) of either end."""
    name, far = f"to-{other.name[-4:]}", f"to-{one.name[-4:]}"
    _ip("link", "add", name, "netns", one.name, "type", "veth", "peer", "name", far, "netns", other.name)
    for end, device, own in ((one, name, addresses), (other, far, others)):
        end.run("ip", "link", "set", device, "up")
        for address in own:
            nodad = ["nodad"] if ":" in address else []
            end.run("ip", "address", "add", address, "dev", device, *nodad)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
