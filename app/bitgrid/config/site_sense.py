"""What may stand in site.yaml line by line, and makes no sense: a relay of two loads, a contact that never tells.

Pure; each problem is a sentence for the owner.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from bitgrid.config.signals import ADDED_UP, SignalName

if TYPE_CHECKING:
    from bitgrid.config.device import DeviceConfig, GpioPin
    from bitgrid.config.site import Site

SIGNED: frozenset[SignalName] = frozenset({"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w"})
"""Signals that a device may tell the other way round."""


def nonsense(site: Site) -> Iterator[str]:
    """What makes no sense in a site."""
    yield from _shared(site)
    lowest_w = min(load.levels[0].power_w for load in site.loads)
    for device in site.devices:
        yield from _turned(device)
        if device.gpio is not None:
            yield from _contact(device, device.gpio, lowest_w)


def _shared(site: Site) -> Iterator[str]:
    """One miner, output or pin under two names: what is done to one of them would be done to the other."""
    miners = [(load.id, (load.miner.host, load.miner.port)) for load in site.loads if load.miner]
    relays = [
        (load.id, (load.relay.host, load.relay.port, load.relay.channel)) for load in site.loads if load.relay
    ]
    pins = [(device.id, (device.gpio.chip, device.gpio.line)) for device in site.devices if device.gpio]
    for what, places in (("miner", miners), ("output of a relay", relays), ("pin", pins)):
        for first, second in _doubled(places):
            yield f"{first} and {second} name the same {what}; each needs its own"
    for name in sorted(ADDED_UP):
        for first, second in _doubled([(one.id, _origin(one)) for one in site.devices if name in one.signals]):
            yield f"{first} and {second} are the same device, whose {name} would count twice; is a unit_id wrong?"


def _origin(device: DeviceConfig) -> Hashable:
    """Where its figures come from; what is left to its profile is the same for all of that profile."""
    if device.profile is None:
        return device.host, device.port or 502, 1 if device.unit_id is None else device.unit_id
    return device.profile, device.host, device.port, device.unit_id, device.topic


def _doubled(places: Iterable[tuple[str, Hashable]]) -> Iterator[tuple[str, str]]:
    known: dict[Hashable, str] = {}
    for name, place in places:
        if place in known:
            yield known[place], name
        known.setdefault(place, name)


def _turned(device: DeviceConfig) -> Iterator[str]:
    untold = [name for name in device.invert_sign if name not in device.signals]
    if untold:
        yield f"invert_sign of {device.id} names {', '.join(untold)}, which is not among its signals"
    unsigned = [name for name in device.invert_sign if name in device.signals and name not in SIGNED]
    if unsigned:
        yield f"invert_sign of {device.id} names {', '.join(unsigned)}, which has no sign to turn"


def _contact(device: DeviceConfig, pin: GpioPin, lowest_w: int) -> Iterator[str]:
    values = {pin.on_value, pin.off_value}
    for signal in device.signals:
        if signal not in {"emergency_stop", "grid_limit_w"}:
            yield f"{device.id} is a contact; it can tell grid_limit_w or emergency_stop, and not {signal}"
        if signal == "emergency_stop" and values != {0.0, 1.0}:
            yield f"{device.id} is a stop button: one of on_value and off_value must be 1 (pressed), the other 0"
        if signal == "grid_limit_w" and (len(values) == 1 or max(values) < lowest_w):
            yield (
                f"{device.id} tells grid_limit_w as {pin.on_value:g} W or {pin.off_value:g} W: on_value is "
                "what is still allowed, off_value more than the loads ever draw"
            )
