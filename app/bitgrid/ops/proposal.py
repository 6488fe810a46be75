"""What a scan found, as a piece of site.yaml: what measures stands in it; what switches is named in comments.

Only its owner knows what hangs on a relay. A guess there could cut a freezer's power, so none is made.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bitgrid.config.signals import ADDED_UP, SignalName
from bitgrid.devices.discovery.found import AsDevice, Found

_SWITCHES = """\
# Nothing is switched that you do not name. A load needs its relay, or your own words under accept_no_relay;
# power_w and joules_per_terahash are on the miner's data sheet. docs/configuration.md explains every key.
"""


def render(found: Iterable[Found]) -> str:
    """The piece of site.yaml, with comments."""
    everything = list(found)
    entries = devices_of(everything)
    more = [_doubled(one) for one in everything if one.device and one not in entries]
    switching = [line for one in everything for line in _switching(one)]
    unclear = [_unclear(one) for one in everything if not (one.device or one.miner or one.relay)]
    parts = [_devices(entries) if entries else "# Nothing was found that measures.\n", "".join(more)]
    parts += [_SWITCHES + "".join(switching) if switching else "", "".join(unclear)]
    return "\n".join(filter(None, parts))


def devices_of(found: Iterable[Found]) -> dict[Found, dict[str, Any]]:
    """The entries of ``devices:`` for those that measure; what only one device may measure, the first does."""
    entries: dict[Found, dict[str, Any]] = {}
    taken: set[str] = set()
    measured: set[str] = set()
    for one in found:
        signals = [name for name in one.device.signals if name not in measured - ADDED_UP] if one.device else []
        if one.device and signals:
            name = _free(_role(signals), taken)
            taken.add(name)
            measured.update(signals)
            entries[one] = _entry(name, one, one.device) | {"signals": signals}
    return entries


def _devices(entries: Mapping[Found, dict[str, Any]]) -> str:
    sequence = CommentedSeq()
    for place, (one, entry) in enumerate(entries.items()):
        sequence.append(_node(entry, one.device.guess if one.device else ""))
        sequence.yaml_set_comment_before_after_key(place, before=_told(one), indent=2)
    yaml, out = YAML(typ="rt"), io.StringIO()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump({"devices": sequence}, out)
    return out.getvalue()


def _node(entry: Mapping[str, Any], guess: str) -> CommentedMap:
    node, signals = CommentedMap(entry), CommentedSeq(entry["signals"])
    signals.fa.set_flow_style()
    node["signals"] = signals
    if guess:
        node.yaml_add_eol_comment(f"GUESSED: {guess}", "signals")
    if "secret" in entry:
        node.yaml_add_eol_comment("it asks for a password: name a file with user:password", "secret")
    return node


def _entry(name: str, found: Found, device: AsDevice) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": name, "kind": "profile" if device.profile else "sunspec"}
    if device.profile:
        entry["profile"] = device.profile
    if device.topic:
        entry["topic"] = device.topic
    else:
        entry |= {"host": found.host, "port": found.port}
    if device.unit_id is not None:
        entry["unit_id"] = device.unit_id
    if found.needs_password and not device.topic:
        entry["secret"] = name
    return entry


def _role(signals: Collection[SignalName]) -> str:
    """What it is called: by what it measures."""
    has_battery = not {"battery_power_w", "battery_soc_pct"}.isdisjoint(signals)
    if "pv_power_w" in signals and has_battery:
        return "hybrid"
    if has_battery:
        return "battery"
    return "meter" if "grid_power_w" in signals else "inverter"


def _free(name: str, taken: set[str]) -> str:
    numbered = (name if number == 1 else f"{name}{number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbered if one not in taken)


def _doubled(found: Found) -> str:
    """A device that measures only what another does already."""
    return (
        f"# {found.host}:{found.port}: {_told(found)}; it measures what stands above already, or another place\n"
    )


def _switching(found: Found) -> Iterator[str]:
    """A miner or relay, as a commented line to be taken into a load."""
    at = f"host: {found.host}, port: {found.port}{', secret: …' if found.needs_password else ''}"
    if found.miner:
        yield f"# {_told(found)}\n#   miner: {{driver: {found.miner}, {at}}}\n"
    if found.relay:
        yield (
            f"# {_told(found)}: for the load whose power it cuts, and for no other\n"
            f"#   relay: {{kind: {found.relay}, {at}}}\n"
        )


def _unclear(found: Found) -> str:
    """What answered, but cannot be taken into site.yaml as it is."""
    asks = "; it asks for a password" if found.needs_password else ""
    return f"# {found.host}:{found.port}: {_told(found)}{asks}\n"


def _told(found: Found) -> str:
    """Its name and what else there is to say, on one line whatever the device said of itself."""
    text = found.name + (f": {found.note}" if found.note else "")
    return "".join(one if one.isprintable() else "?" for one in text)
