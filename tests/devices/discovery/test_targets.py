"""Which addresses a scan may ask: the home's own, and no more than asked for."""

from __future__ import annotations

import pytest

from bitgrid.devices.discovery.targets import MAX_HOSTS, BadTarget, hosts_of, own_subnets

# /proc/net/route of a machine with Ethernet in 192.168.178.0/24, Docker in 172.17.0.0/16, a VPN in 10.8.0.0/24 and
# a public address: the kernel writes addresses in hexadecimal, lowest byte first.
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	01B2A8C0	0003	0	0	0	00000000	0	0	0
eth0	00B2A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	0000080A	00000000	0001	0	0	0	00FFFFFF	0	0	0
ppp0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
broken
"""


def test_an_address_stands_for_itself_and_a_subnet_for_its_hosts() -> None:
    assert hosts_of(["192.168.1.20"]) == ["192.168.1.20"]
    assert hosts_of(["192.168.1.0/30"]) == ["192.168.1.1", "192.168.1.2"]
    assert len(hosts_of(["10.0.0.0/22"])) == 1022
    assert hosts_of(["192.168.1.77/24"])[0] == "192.168.1.1"


def test_an_address_named_twice_is_asked_once() -> None:
    assert hosts_of(["192.168.1.1", "192.168.1.0/30", "192.168.1.1/32"]) == ["192.168.1.1", "192.168.1.2"]


@pytest.mark.parametrize(
    "target", ["8.8.8.8", "0.0.0.0/0", "192.0.2.1", "100.64.0.1", "172.32.0.0/24", "224.0.0.1"]
)
def test_what_is_not_private_is_refused(target: str) -> None:
    with pytest.raises(BadTarget, match="is no private address"):
        hosts_of(["192.168.1.1", target])


@pytest.mark.parametrize("target", ["10.0.0.0/8", "192.168.0.0/21"])
def test_what_is_too_large_is_refused(target: str) -> None:
    with pytest.raises(BadTarget, match=r"too large; name a /22"):
        hosts_of([target])


@pytest.mark.parametrize(
    "target", ["", "meter.local", "192.168.1", "fd00::1", "192.168.1.1/33", "192.168.1.0/24/24"]
)
def test_what_is_no_address_is_refused(target: str) -> None:
    with pytest.raises(BadTarget, match="is no IPv4 address or subnet"):
        hosts_of([target])


def test_many_subnets_at_once_are_refused() -> None:
    with pytest.raises(BadTarget, match=f"at most {MAX_HOSTS}"):
        hosts_of([f"10.0.{4 * number}.0/22" for number in range(5)])


def test_loopback_is_asked_only_when_it_is_named() -> None:
    assert hosts_of(["127.0.0.1"]) == ["127.0.0.1"]
    loopback = "lo\t0000007F\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    assert own_subnets(ROUTES + loopback) == own_subnets(ROUTES)


def test_the_subnets_of_this_machine_are_the_private_ones_that_are_small_enough() -> None:
    assert own_subnets(ROUTES) == ["192.168.178.0/24", "10.8.0.0/24"]


def test_a_machine_without_a_network_has_none() -> None:
    assert own_subnets("") == []
