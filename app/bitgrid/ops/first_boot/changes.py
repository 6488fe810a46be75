"""From wishes to files of the host: what each holds, and who may read it. Nothing is written here."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bitgrid.ops.first_boot.wishes import Network, Wifi, Wishes

ADMIN = "admin"
WIRED, WIRELESS = "20-bitgrid-wired.network", "25-bitgrid-wireless.network"
WPA = "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
_KEY_LENGTH = 64


@dataclass(frozen=True)
class Change:
    """A file as it is to be.

    Args:
        path: below the root, without a leading slash.
        text: its content.
        mode: who may read it.
        owner: whose it is.
    """

    path: str
    text: str
    mode: int = 0o644
    owner: str = "root"


def changes(wishes: Wishes, *, has_wifi: bool = False) -> Iterator[Change]:
    """The files that follow from what was wished.

    Args:
        wishes: of the owner.
        has_wifi: whether a wireless network was named before.
    """
    if wishes.hostname is not None:
        yield Change("etc/hostname", f"{wishes.hostname}\n")
    if wishes.ssh_keys is not None:
        keys = "".join(f"{key}\n" for key in wishes.ssh_keys)
        yield Change(f"home/{ADMIN}/.ssh/authorized_keys", keys, 0o600, ADMIN)
    if wishes.wifi is not None or wishes.network is not None:
        # The fixed address is the wireless one's; a cable that is plugged in too gets its from the router.
        is_wireless = has_wifi or wishes.wifi is not None
        if is_wireless:
            yield Change(f"etc/systemd/network/{WIRELESS}", _networkd("wlan", wishes.network))
        yield Change(f"etc/systemd/network/{WIRED}", _networkd("ether", None if is_wireless else wishes.network))
    if wishes.wifi is not None:
        yield Change(WPA, _wpa(wishes.wifi), 0o600)


def _networkd(kind: str, network: Network | Literal["dhcp"] | None) -> str:
    lines = ["[Match]", f"Type={kind}", "", "[Network]"]
    if not isinstance(network, Network):
        lines += ["DHCP=yes", "", "[DHCPv4]", "UseNTP=yes"]
    else:
        lines += [f"Address={network.address}", f"Gateway={network.gateway}"]
        lines += [f"DNS={server}" for server in network.dns or [network.gateway]]
        is_v4 = ipaddress.ip_interface(network.address).version == 4  # noqa: PLR2004  IPv4
        lines += ["LinkLocalAddressing=ipv6" if is_v4 else "IPv6AcceptRA=no"]
    return "\n".join(lines) + "\n"


def _wpa(wifi: Wifi) -> str:
    """For wpa_supplicant(8); the name in hexadecimal, so that no character of it means anything."""
    key = wifi.password if len(wifi.password) == _KEY_LENGTH else f'"{wifi.password}"'
    kinds = "WPA-PSK" if len(wifi.password) == _KEY_LENGTH else "WPA-PSK SAE"
    return "\n".join(
        [
            f"country={wifi.country}",
            "update_config=0",
            "network={",
            f"  ssid={wifi.name.encode().hex()}",
            "  scan_ssid=1",  # it may be hidden
            f"  psk={key}",
            f"  key_mgmt={kinds}",
            "  ieee80211w=1",
            "}",
            "",
        ]
    )
