"""The firewall's rules as text: nft takes them, whatever a house is like; what nobody declared is not in them."""

from __future__ import annotations

import subprocess

import pytest

from ground.networks import missing
from ground.rules import NAS4, UIDS, house, render, render_closed

needs_nft = pytest.mark.skipif(bool(missing()), reason=missing())
BARE = {
    "bitgrid_firewall_uids": {"root": 0},
    "bitgrid_firewall_lan_prefixes": ["192.168.1.0/24"],
    "bitgrid_firewall_mqtt_peers": [],
    "bitgrid_firewall_mqtt_plain_devices": [],
    "bitgrid_firewall_devices": [],
    "bitgrid_firewall_feeds": [],
    "bitgrid_firewall_mirror": [],
    "bitgrid_firewall_egress": [],
    "bitgrid_firewall_web_ports": [],
    "bitgrid_firewall_mdns": False,
    "bitgrid_firewall_kiosk": False,
}


def checked(rules: str) -> int:
    """Nft's own word on them, in a network of its own."""
    command = ["unshare", "--net", "nft", "-c", "-f", "-"]
    return subprocess.run(command, input=rules, capture_output=True, text=True, check=False).returncode


def chain(rules: str, name: str) -> str:
    return rules.partition(f"chain {name} {{")[2].partition("\n    }")[0]


@needs_nft
@pytest.mark.parametrize(
    "rules", [render(), render(**BARE), render(bitgrid_firewall_lan_prefixes=[]), render_closed()]
)
def test_nft_takes_them(rules: str) -> None:
    assert checked(rules) == 0


@needs_nft
def test_nft_takes_no_nonsense() -> None:
    assert checked(render().replace("policy drop", "policy perhaps")) == 1


@pytest.mark.parametrize("hook", ["input", "forward", "output"])
@pytest.mark.parametrize("rules", [render(), render_closed()])
def test_every_way_is_shut_unless_it_is_named(rules: str, hook: str) -> None:
    assert f"type filter hook {hook} priority filter; policy drop;" in rules


def test_a_load_is_one_and_replaces_everything() -> None:
    assert render().index("flush ruleset") < render().index("table inet bitgrid {")


@pytest.mark.parametrize("user", ["bitgrid-core", "bitgrid-web"])
def test_who_has_no_network_has_no_chain(user: str) -> None:
    assert str(UIDS[user]) not in render()


def test_the_mirror_has_one_target_and_without_one_no_chain() -> None:
    lines = [line.strip() for line in chain(render(), "user_bitgrid_mirror").strip().splitlines()]
    assert lines == [f'ip daddr {NAS4} tcp dport 22 accept comment "mirror"', "goto refuse"]
    assert str(UIDS["bitgrid-mirror"]) not in render(bitgrid_firewall_mirror=[])


def test_the_browser_on_the_display_reaches_the_page_and_without_one_there_is_no_rule() -> None:
    lines = [line.strip() for line in chain(render(), "output").strip().splitlines()]
    uid = UIDS["bitgrid-kiosk"]
    allowed, refused = f'oif "lo" meta skuid {uid} tcp dport 443 accept', f"meta skuid {uid} goto refuse"
    assert lines.index(allowed) < lines.index(refused) < lines.index('oif "lo" accept')
    assert str(uid) not in render(bitgrid_firewall_kiosk=False)
    others = {name: uid for name, uid in UIDS.items() if name != "bitgrid-kiosk"}
    assert "61016" not in render(bitgrid_firewall_uids=others), "a user that is not there yet"


def test_a_gateway_is_let_in_at_its_own_port_and_nobody_else_there() -> None:
    rule = "ip saddr { 10.77.0.9 } tcp dport 8884 ct state new accept"
    assert rule in chain(render(bitgrid_firewall_gateways=["10.77.0.9"]), "from_lan")
    assert "8884" not in render()


def test_a_user_that_is_missing_on_the_host_is_left_out() -> None:
    without = {name: uid for name, uid in UIDS.items() if name != "avahi"}
    assert str(UIDS["avahi"]) in render()
    assert "avahi" not in render(bitgrid_firewall_uids=without)


def test_the_house_reaches_its_devices_alone() -> None:
    lines = chain(render(), "user_bitgrid_io").strip().splitlines()
    assert [line.strip() for line in lines] == [
        'ip daddr 10.77.0.20 tcp dport 502 accept comment "meter"',
        'ip6 daddr fd77::20 tcp dport 502 accept comment "meter by IPv6"',
        "ip daddr @lan4 ip daddr . tcp dport @own4 accept",
        "ip6 daddr @lan6 ip6 daddr . tcp dport @own6 accept",
        "ip daddr @lan4 tcp dport @looked_for accept",
        "goto refuse",
    ]


@needs_nft
def test_what_the_house_adds_on_the_host_fits_into_the_sets_that_are_there() -> None:
    added = (
        "flush set inet bitgrid own4\nadd element inet bitgrid own4 { 10.77.0.20 . 502 }\n"
        "flush set inet bitgrid own6\nadd element inet bitgrid own6 { fd77::20 . 502 }\n"
        "flush set inet bitgrid looked_for\nadd element inet bitgrid looked_for { 502, 80 }\n"
    )
    assert checked(render() + added) == 0
    assert checked(render() + added.replace("own4", "own5")) == 1


def test_before_that_nothing_is_in_them() -> None:
    for name in ("own4", "own6", "looked_for"):
        assert "elements" not in render().partition(f"set {name} {{")[2].partition("}")[0]


def test_the_lan_stands_in_no_rule_by_itself() -> None:
    """Its prefixes are in sets, so that a house without IPv6 of its own needs no other rules."""
    assert "elements" not in render(**BARE).partition("set lan6 {")[2].partition("}")[0]


def test_the_example_is_complete() -> None:
    """Every fact the template asks for is a default of the role or comes from the list of all."""
    told = set(house()) - {"ansible_managed", "bitgrid_firewall_uids"}
    assert {name for name in told if not name.startswith("bitgrid_firewall_")} == set()
