"""The devices of a home: the simulated house, reached in the home's network at the addresses of its site.yaml."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bitgrid.plant.control import SOCKET_NAME, PlantControl
from ground.networks import Network, missing
from ground.rules import ROOT

IN_SITE, AT_HOME, OF_PLANT = "192.168.1.", "10.77.0.", "127.0.0."
"""How the example's addresses begin, those of this test's home, and those the plant listens at."""
RELAY = 31
DEVICES = (20, 21, 30, RELAY)
NOON = datetime(2025, 5, 15, 10, 30, tzinfo=UTC)
"""When it is in the simulated house: the sun shines, whatever time it is here."""
LEAD = """
table ip home {
    chain lead {
        type nat hook prerouting priority dstnat;
        dnat to ip daddr map { %s }
    }
}
"""


@contextlib.contextmanager
def devices_at(home: Network, work: Path) -> Iterator[PlantControl]:
    """Inverter, battery, meter, miner and relay answer in ``home``; what is given tells the truth."""
    assert not missing()
    config, run = work / "config", work / "run"
    config.mkdir(parents=True)
    run.mkdir()
    for name in ("bitgrid_rules.yaml", "flags.yaml", "policies.yaml", "plant.yaml"):
        (config / name).write_text((ROOT / "config" / name).read_text())
    plant = config / "plant.yaml"
    plant.write_text(plant.read_text().replace("boot_s: 40", "boot_s: 8"))
    site = (ROOT / "ansible" / "inventory.example" / "site.yaml").read_text()
    (config / "site.yaml").write_text(site.replace(IN_SITE, OF_PLANT))
    _lead(home)
    clock = f"1:{time.clock_gettime(time.CLOCK_BOOTTIME)}:{NOON.timestamp()}"
    told = {
        "BITGRID_CONFIG_DIR": config,
        "BITGRID_RUN_DIR": run,
        "BITGRID_DATA_DIR": work,
        "BITGRID_CLOCK": clock,
        "PYTHONPATH": ROOT / "app",
    }
    command = ["ip", "netns", "exec", home.name, sys.executable, "-m", "bitgrid.services.plant"]
    with (work / "plant.log").open("wb") as log:
        environment = os.environ | {name: str(value) for name, value in told.items()}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        while not (run / SOCKET_NAME).exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                raise AssertionError((work / "plant.log").read_text())
        yield PlantControl(run / SOCKET_NAME)
    finally:
        process.terminate()
        process.wait(20)


def open_by_hand(home: Network) -> None:
    """Somebody switches the relay off in its maker's own app."""
    place = f"http://{OF_PLANT}{RELAY}/rpc/Switch.Set?id=0&on=false"
    home.run(sys.executable, "-I", "-c", f"import urllib.request as r; r.urlopen({place!r}, timeout=5)")


def _lead(home: Network) -> None:
    """What is sent to a device's address at home comes to the plant, which listens on loopback alone."""
    home.run("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
    home.load(LEAD % ", ".join(f"{AT_HOME}{last} : {OF_PLANT}{last}" for last in DEVICES))
