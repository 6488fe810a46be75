"""Who answers Modbus/TCP: SunSpec devices behind the usual unit ids, one after the other on one connection.

Units: 1, 2 and 3 by default of most; 100 Victron; 126 SMA; 200 and 240 meters behind Fronius; 247 the highest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bitgrid.config.signals import SignalName
from bitgrid.devices.discovery.found import AsDevice, Found
from bitgrid.devices.errors import DeviceError, DeviceSilent
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.modbus.sunspec_about import about
from bitgrid.devices.ports import About
from bitgrid.devices.transport import RegisterReader

UNIT_IDS = (1, 2, 3, 100, 126, 200, 240, 247)
_METERS = range(201, 215)
_OF_BATTERY, _DC_INPUTS = {124, 713, 714, 802}, {160, 714}
_PLACE = "where it sits: grid_power_w at the grid connection, house_load_w or pv_power_w elsewhere"
_HYBRID = "pv_power_w is the sum of its DC inputs; compare it with the device's own display"
_BATTERY = "if PV hangs on it as well, its AC power has the battery in it: look for a profile in docs/devices.md"
_OTHER = "it answers Modbus, but not SunSpec; if docs/devices.md has its make, it is kind: profile"


def look(host: str, port: int, reader: Callable[[int], RegisterReader]) -> Iterator[Found]:
    """The SunSpec devices behind a port; where something else answers, a word about it."""
    seen: set[About] = set()
    answered = False
    for unit_id in UNIT_IDS:
        name = f"{host}:{port} unit {unit_id}"
        try:
            told = about(reader(unit_id), name)
            answered = True
            if told in seen:
                continue  # it answers for every unit
            seen.add(told)
            yield _found(host, port, unit_id, told, reader(unit_id))
        except DeviceSilent:
            continue
        except DeviceError:
            answered = True
    if answered and not seen:
        yield Found("Modbus device", host, port, note=_OTHER)


def _found(host: str, port: int, unit_id: int, told: About, read: RegisterReader) -> Found:
    name = " ".join(part for part in (told.maker, told.model, told.serial) if part) or "SunSpec device"
    device = _as_device(unit_id, told, read)
    return Found(name, host, port, device=device, note="" if device else "none of its models tells a power")


def _as_device(unit_id: int, told: About, read: RegisterReader) -> AsDevice | None:
    """What it tells now, of what its models could tell."""
    guesses = dict(_candidates(set(told.models)))
    figures = SunSpecDevice(f"unit {unit_id}", read, guesses).read()
    signals = tuple(name for name in guesses if figures[name] is not None)
    if not signals:
        return None
    said = dict.fromkeys(guesses[name] for name in signals if guesses[name])
    return AsDevice(signals, "; ".join(said), unit_id=unit_id)


def _candidates(models: set[int]) -> Iterator[tuple[SignalName, str]]:
    """Signals that these models could tell, each with what is a guess about it."""
    if models & set(_METERS):
        yield "grid_power_w", _PLACE
    has_battery, has_inputs = bool(models & _OF_BATTERY), bool(models & _DC_INPUTS)
    if has_inputs or not has_battery:
        yield "pv_power_w", _HYBRID if has_battery else ""
    if has_battery:
        yield "battery_power_w", "" if has_inputs else _BATTERY
        yield "battery_soc_pct", ""
