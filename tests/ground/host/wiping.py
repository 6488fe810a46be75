"""A host without a house: what makes one is taken away, the ground under it stays."""

from __future__ import annotations

from ground.host.appliance import Appliance

HOUSE = ["bitgrid-proxy", "bitgrid", "bitgrid-guard", "bitgrid-broker", "bitgrid-prepare"]
TIMED = ["bitgrid-renew.timer", "bitgrid-backup.timer", "bitgrid-follow.path"]
PLACES = [
    "/opt/bitgrid",
    "/etc/bitgrid",
    "/var/lib/bitgrid",
    "/var/lib/bitgrid-backup",
    "/var/log/bitgrid",
    "/run/bitgrid",
]


def wipe(appliance: Appliance) -> None:
    """Releases, configuration, secrets, data and units are gone; the firewall's rules stay."""
    appliance.run("systemctl", "disable", "--now", *TIMED, *HOUSE, may_fail=True)
    appliance.run("systemctl", "stop", *HOUSE, may_fail=True)
    appliance.run("rm", "-rf", "/usr/local/bin/bitgrid", *PLACES)
    appliance.run("sh", "-c", "rm -rf /etc/systemd/system/bitgrid-backup* /etc/borgmatic")
    appliance.run(
        "sh", "-c", "cd /etc/systemd/system && rm -f bitgrid.service " + " ".join(f"{u}.service" for u in HOUSE)
    )
    appliance.run("systemctl", "daemon-reload")
