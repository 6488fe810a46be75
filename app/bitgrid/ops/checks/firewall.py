"""Checks of the host's packet filter: whether it is in force, and whom it kept from what. Reads; changes nothing.

The sets ``refused_users`` and ``refused4``/``refused6`` are made in ansible/roles/firewall.
"""

from __future__ import annotations

import json
import pwd
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bitgrid.ops.checks.finding import Finding, error, ok, warn

SUBJECT = "firewall"
LIST = ("nft", "--json", "--numeric", "list", "table", "inet", "bitgrid")
HAS_NO_NETWORK = frozenset({"bitgrid-core", "bitgrid-web"})
"""Users that need nothing but loopback: when one of them knocks, something is wrong with it."""
SHOWN = 3

Ask = Callable[[Sequence[str]], str | None]
NameOf = Callable[[int], str]


def user_name(uid: int) -> str:
    """The user's name; the number where there is no such user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def firewall(ask: Ask, *, is_root: bool, name_of: NameOf = user_name) -> Iterator[Finding]:
    """What the packet filter says, for an appliance.

    Args:
        ask: runs a command; None when it is missing or fails.
        is_root: whether the packet filter tells this user anything.
        name_of: a user's name by its number.
    """
    if not is_root:
        yield warn(SUBJECT, "only root is told about it", "Ask again as root.", "sudo bitgrid doctor")
        return
    told = ask(LIST)
    if told is None:
        yield error(
            SUBJECT,
            "is not in force",
            "Every program can reach the internet, and whoever is in the network every port.",
            "sudo systemctl restart nftables",
        )
        return
    sets = _sets(told)
    knocked = [(name_of(int(uid)), packets) for uid, packets in _counted(sets, "refused_users")]
    if not knocked:
        yield ok(SUBJECT, "is in force and refused nobody on this host")
    yield from (_refused(user, packets, _places(sets, name_of).get(user, [])) for user, packets in sorted(knocked))


def _refused(user: str, packets: int, places: Sequence[str]) -> Finding:
    where = f"; most often {', '.join(places[:SHOWN])}" if places else ""
    text = f"kept {user} from what it wanted {packets} times{where}"
    if user in HAS_NO_NETWORK:
        return error(SUBJECT, text, "That program needs no network at all. Update it, or reinstall the host.")
    if user == "bitgrid-io":
        advice = "Is a device missing in site.yaml, or has it a new address? Then run the playbook again."
        return warn(SUBJECT, text, advice, "ansible-playbook site.yml --tags firewall")
    return warn(SUBJECT, text, "If it should get there, name the target in bitgrid_firewall_egress.")


def _sets(told: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Elements by the name of their set, each ``{val, counter: {packets}}``."""
    items = [item["set"] for item in json.loads(told)["nftables"] if "set" in item]
    return {
        one["name"]: [e["elem"] for e in one.get("elem", []) if isinstance(e, dict) and "elem" in e]
        for one in items
    }


def _counted(sets: Mapping[str, Sequence[Mapping[str, Any]]], name: str) -> Iterator[tuple[Any, int]]:
    for element in sets.get(name, []):
        value = element["val"]
        yield value["concat"] if isinstance(value, dict) else value, element["counter"]["packets"]


def _places(sets: Mapping[str, Sequence[Mapping[str, Any]]], name_of: NameOf) -> Mapping[str, list[str]]:
    """Where each user wanted to go, most often first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in ("refused4", "refused6"):
        for (uid, address, port), packets in _counted(sets, name):
            place = f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
            found.setdefault(name_of(int(uid)), []).append((packets, place))
    return {user: [place for _, place in sorted(places, reverse=True)] for user, places in found.items()}
