"""`bitgrid doctor` tells whom the packet filter kept from what."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pytest

from bitgrid.ops.checks.finding import Finding, Verdict
from bitgrid.ops.checks.firewall import LIST, firewall, user_name
from ground.networks import Target, missing, network, wire
from ground.rules import UIDS, render

NAMES = {number: name for name, number in UIDS.items()}
SET = {"family": "inet", "table": "bitgrid"}


def element(value: object, packets: int) -> dict[str, Any]:
    return {"elem": {"val": value, "counter": {"packets": packets, "bytes": packets * 60}}}


def table(users: Sequence[tuple[str, int]] = (), places: Sequence[tuple[str, str, int, int]] = ()) -> str:
    """What nft tells, as it tells it."""
    by_user = [element(UIDS[user], packets) for user, packets in users]
    v4 = [element({"concat": [UIDS[u], a, port]}, n) for u, a, port, n in places if ":" not in a]
    v6 = [element({"concat": [UIDS[u], a, port]}, n) for u, a, port, n in places if ":" in a]
    sets = {"refused_users": by_user, "refused4": v4, "refused6": v6, "lan4": ["10.0.0.0/8"]}
    listed = [{"set": SET | {"name": name} | ({"elem": found} if found else {})} for name, found in sets.items()]
    return json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}, *listed]})


def found(said: str | None, *, is_root: bool = True) -> list[Finding]:
    return list(firewall(lambda _: said, is_root=is_root, name_of=NAMES.__getitem__))


def test_it_is_in_force_and_nobody_was_refused() -> None:
    (finding,) = found(table())
    assert (finding.verdict, finding.text) == (Verdict.OK, "is in force and refused nobody on this host")


def test_without_it_everything_is_open() -> None:
    (finding,) = found(None)
    assert (finding.verdict, finding.command) == (Verdict.ERROR, "sudo systemctl restart nftables")


def test_who_is_not_root_is_told_to_ask_as_root() -> None:
    (finding,) = found(table(), is_root=False)
    assert (finding.verdict, finding.command) == (Verdict.WARN, "sudo bitgrid doctor")


def test_a_device_that_moved_is_named_with_its_place() -> None:
    said = table([("bitgrid-io", 7)], [("bitgrid-io", "192.168.1.9", 502, 2), ("bitgrid-io", "fd00::9", 502, 5)])
    (finding,) = found(said)
    assert finding.verdict is Verdict.WARN
    assert finding.text == "kept bitgrid-io from what it wanted 7 times; most often [fd00::9]:502, 192.168.1.9:502"
    assert "site.yaml" in finding.advice


@pytest.mark.parametrize("user", ["bitgrid-web", "bitgrid-core"])
def test_a_program_without_network_that_wants_one_is_an_error(user: str) -> None:
    (finding,) = found(table([(user, 1)]))
    assert finding.verdict is Verdict.ERROR


def test_somebody_else_is_told_where_targets_are_named() -> None:
    (finding,) = found(table([("backup", 1)]))
    assert (finding.verdict, "bitgrid_firewall_egress" in finding.advice) == (Verdict.WARN, True)


def test_few_places_are_shown() -> None:
    many = [("bitgrid-io", f"10.0.0.{n}", 502, n) for n in range(1, 9)]
    (finding,) = found(table([("bitgrid-io", 36)], many))
    assert finding.text.endswith("10.0.0.8:502, 10.0.0.7:502, 10.0.0.6:502")


def test_users_have_names_and_strangers_numbers() -> None:
    assert user_name(0) == "root"
    assert user_name(4_000_000_000) == "4000000000"


@pytest.mark.system
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_it_reads_what_the_real_packet_filter_tells() -> None:
    with network(f"bd{os.getpid()}-one") as one, network(f"bd{os.getpid()}-two") as two:
        wire(one, two, ["10.77.0.10/24"], ["10.77.0.1/24"])
        one.load(render())
        (finding,) = firewall(lambda _: one.run(*LIST), is_root=True, name_of=NAMES.__getitem__)
        assert finding.verdict is Verdict.OK
        assert one.reaches([Target("10.77.0.1", 502)], UIDS["bitgrid-web"]) == [False]
        (finding,) = firewall(lambda _: one.run(*LIST), is_root=True, name_of=NAMES.__getitem__)
        assert finding.verdict is Verdict.ERROR
        assert finding.text.startswith("kept bitgrid-web from what it wanted ")
        assert finding.text.endswith("; most often 10.77.0.1:502")
