"""Who answers HTTP: Shellys, Tasmota, AxeOS, Braiins OS. Three requests that every such device answers by reading.

Where the answers come from: Shelly's API documentation (Gen1 and Gen2, ``/shelly``, which asks for no password);
Tasmota's documentation (Status 0; without its password it answers 401, or 200 with a ``WARNING``); ESP-Miner's
openapi.yaml (``/api/system/info``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bitgrid.devices.discovery.found import AsDevice, Found
from bitgrid.devices.errors import DeviceNonsense
from bitgrid.devices.parsing import json_object, number
from bitgrid.devices.transport import HttpExchange

_OK, _UNAUTHORIZED = 200, 401
_GENERATIONS = (2.0, 99.0)
_PLACE = "which power it measures: name the one signal of the place where it sits"
_CLAMPS = "the first clamp at the grid, the second at the PV inverter"
_MQTT = "it must tell by MQTT at the house's own broker, with TelePeriod 10"
_GEN1_METERS = {
    "SHEM": AsDevice(("grid_power_w", "pv_power_w"), _CLAMPS, "shelly_em"),
    "SHEM-3": AsDevice(("grid_power_w",), _PLACE, "shelly_3em"),
}
_GEN2_METERS = ("SPEM-003", "S3EM-003")
_SWITCHES_OF_GEN1 = ("SHSW-", "SHPLG", "SHEM", "SHUNI-")
_SWITCHES_OF_GEN2 = ("SNSW-", "SPSW-", "SNPL-", "S3SW-", "S3PL-", "S4SW-", "S4PL-")
"""How the types and models of those with a switch begin; node-red-contrib-shelly keeps the same list."""


def look(host: str, port: int, exchange: HttpExchange) -> Iterator[Found]:
    """What answers at a port, if it is anything that is known."""
    for target, probe in (("/shelly", _shelly), ("/api/system/info", _axeos), ("/cm?cmnd=Status%200", _tasmota)):
        status, told = _ask(exchange, target, f"{host}:{port}")
        found = probe(host, port, status, told)
        if found is not None:
            yield found
            return


def _ask(exchange: HttpExchange, target: str, device: str) -> tuple[int, Mapping[str, Any]]:
    try:
        answer = exchange("GET", target)
        return answer.status, json_object(answer.body, device)
    except DeviceNonsense:
        return 0, {}


def _shelly(host: str, port: int, status: int, told: Mapping[str, Any]) -> Found | None:
    if status != _OK or not isinstance(told.get("mac"), str):
        return None
    if number(told.get("gen"), _GENERATIONS) is not None:
        return _shelly_gen2(host, port, told)
    return _shelly_gen1(host, port, told) if isinstance(told.get("type"), str) else None


def _shelly_gen1(host: str, port: int, told: Mapping[str, Any]) -> Found:
    kind = _text(told, "type")
    return Found(
        f"Shelly {kind} (first generation)",
        host,
        port,
        device=_GEN1_METERS.get(kind),
        relay="shelly_gen1" if kind.startswith(_SWITCHES_OF_GEN1) else None,
        needs_password=told.get("auth") is True,
    )


def _shelly_gen2(host: str, port: int, told: Mapping[str, Any]) -> Found:
    model = _text(told, "model")
    is_meter = model.startswith(_GEN2_METERS)
    is_triphase = told.get("profile", "triphase") == "triphase"
    return Found(
        f"Shelly {_text(told, 'app') or model} ({model}, generation {told['gen']})",
        host,
        port,
        device=AsDevice(("grid_power_w",), _PLACE, "shelly_pro_3em") if is_meter and is_triphase else None,
        relay="shelly_gen2" if model.startswith(_SWITCHES_OF_GEN2) else None,
        needs_password=told.get("auth_en") is True,
        note="" if is_triphase or not is_meter else "set its profile to triphase, so that it sums its phases",
    )


def _axeos(host: str, port: int, status: int, told: Mapping[str, Any]) -> Found | None:
    if status != _OK or not {"ASICModel", "hashRate"} <= set(told):
        return None
    return Found(f"AxeOS miner {_text(told, 'hostname')} ({_text(told, 'ASICModel')})", host, port, miner="axeos")


def _tasmota(host: str, port: int, status: int, told: Mapping[str, Any]) -> Found | None:
    if _needs_password(status, told):
        return Found("Tasmota", host, port, needs_password=True)
    about, sensors = told.get("Status"), told.get("StatusSNS")
    if status != _OK or not isinstance(about, dict) or "StatusFWR" not in told:
        return None
    switches = "POWER" in str(told.get("StatusSTS"))
    topic = _text(about, "Topic")
    return Found(
        f"Tasmota {_text(about, 'DeviceName') or topic}",
        host,
        port,
        device=None if switches else _tasmota_meter(sensors, topic),
        relay="tasmota" if switches else None,
    )


def _tasmota_meter(sensors: object, topic: str) -> AsDevice | None:
    """What a Tasmota without a switch measures; one with a switch measures what hangs on it."""
    groups = sensors if isinstance(sensors, dict) else {}
    if isinstance(groups.get("SML"), dict) and "Power_curr" in groups["SML"] and topic:
        return AsDevice(("grid_power_w",), _MQTT, "tasmota_sml", topic=topic)
    if isinstance(groups.get("ENERGY"), dict):
        return AsDevice(("grid_power_w",), _PLACE, "tasmota_energy")
    return None


def _needs_password(status: int, told: Mapping[str, Any]) -> bool:
    return status in {_OK, _UNAUTHORIZED} and "Need user=" in str(told.get("WARNING"))


def _text(told: Mapping[str, Any], key: str) -> str:
    """A short printable text; a device may say anything."""
    value = told.get(key)
    return "".join(one for one in value if one.isprintable())[:60] if isinstance(value, str) else ""
