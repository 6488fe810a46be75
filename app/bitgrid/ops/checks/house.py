"""Checks of the house: broker, measuring devices, miners, relays. Reads only; switches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from bitgrid.config import DeviceConfig, LoadConfig, Site
from bitgrid.config.load import MinerConfig, RelayConfig
from bitgrid.devices.errors import DeviceError, DeviceRefused, DeviceSilent
from bitgrid.devices.ports import About, MinerReading, RelayReading, RelaySettings
from bitgrid.ops.checks.finding import Finding, error, ok, warn

_UNLIMITED_PCT = 100
_START_ADVICE = {
    "shelly_gen1": "Set the power-on default to off",
    "shelly_gen2": "Set the power-on default to off",
    "tasmota": "In the console, type: PowerOnState 0",
}


class Hands(Protocol):
    """How a check reaches the devices; each may raise `DeviceError`."""

    def broker(self, host: str, port: int) -> str | None:
        """What is wrong with the broker; None when it takes an MQTT connection."""

    def device(self, device: DeviceConfig) -> Mapping[str, float]:
        """A reading of every signal."""

    def about(self, device: DeviceConfig) -> About | None:
        """What a device says of itself; None where it cannot."""

    def miner(self, load: LoadConfig) -> MinerReading:
        """A reading of the miner."""

    def relay(self, load: LoadConfig) -> tuple[RelayReading, RelaySettings]:
        """The relay's state and settings."""


def broker(site: Site, hands: Hands) -> Iterator[Finding]:
    """Whether messages can be passed."""
    place = f"{site.broker.host}:{site.broker.port}"
    problem = hands.broker(site.broker.host, site.broker.port)
    unit = "bitgrid-broker" if site.broker.log_in == "password" else "mosquitto"
    if problem:
        yield error(
            "broker",
            f"{place} {problem}",
            "Without it no load may run. Start it, or correct broker in site.yaml.",
            f"sudo systemctl restart {unit}",
        )
    else:
        yield ok("broker", f"{place} takes connections")


def devices(site: Site, hands: Hands) -> Iterator[Finding]:
    """Whether every measuring device answers with a value."""
    for device in site.devices:
        place = f"{device.host}:{device.port}" if device.host else device.kind
        try:
            values, about = hands.device(device), hands.about(device)
        except DeviceError as problem:
            yield error(device.id, f"{place}: {problem}", _advice(problem), f"ping -c 3 {device.host}")
        else:
            yield ok(device.id, f"{place}: {_values(values)}{_made_by(about)}")
            if about is not None and about.limit_pct is not None and about.limit_pct < _UNLIMITED_PCT:
                yield warn(
                    device.id,
                    f"{place}: is held down to {about.limit_pct:g} % of its power",
                    "Surplus that it could make does not show. Who limits it: the grid operator, an export limit, "
                    "another energy manager?",
                )


def loads(site: Site, hands: Hands) -> Iterator[Finding]:
    """Whether every miner and relay answers, and the relay would open by itself."""
    for load in site.loads:
        is_open = False
        if load.relay is None:
            yield warn(
                load.id,
                "has no relay",
                "It keeps its power when the whole appliance fails, as accepted in site.yaml.",
            )
        else:
            for finding in _relay(load, hands):
                is_open = is_open or finding.text.endswith("is open")
                yield finding
        if load.miner is not None:
            yield _miner(load, load.miner, hands, may_be_silent=is_open)


def _miner(load: LoadConfig, miner: MinerConfig, hands: Hands, *, may_be_silent: bool) -> Finding:
    place = f"{miner.host}:{miner.port}"
    try:
        reading = hands.miner(load)
    except DeviceSilent as problem:
        if may_be_silent:
            return ok(load.id, f"{place}: silent, as a load without power is")
        return error(load.id, f"{place}: {problem}", _advice(problem), f"ping -c 3 {miner.host}")
    except DeviceError as problem:
        return error(load.id, f"{place}: {problem}", _advice(problem))
    told = {"W": reading.power_w, "°C": reading.temp_c, "TH/s": reading.hashrate_ths}
    values = ", ".join(f"{value:.1f} {unit}" for unit, value in told.items() if value is not None)
    return ok(load.id, f"{place}: {values or 'answers, but tells no value'}")


def _relay(load: LoadConfig, hands: Hands) -> Iterator[Finding]:
    """The relay's settings are layer 4 of the fail-safe: they hold when all else is dead."""
    relay, subject = load.relay, f"{load.id} relay"
    if relay is None:
        return
    place = f"{relay.host}:{relay.port}"
    try:
        reading, settings = hands.relay(load)
    except DeviceError as problem:
        yield error(subject, f"{place}: {problem}", _advice(problem), f"ping -c 3 {relay.host}")
        return
    page = f"http://{place}/"
    if settings.auto_off_s is None or settings.auto_off_s > relay.auto_off_s:
        found = "none" if settings.auto_off_s is None else f"{settings.auto_off_s:.0f} s"
        yield error(
            subject,
            f"{place}: its own auto-off is {found}",
            f"It would not open if the appliance died. {_auto_off_advice(relay)} at {page}",
        )
    if not settings.starts_open:
        yield error(
            subject,
            f"{place}: closes by itself when its power returns",
            f"After a power cut the load would run unwatched. {_START_ADVICE[relay.kind]} at {page}",
        )
    if load.miner is None and reading.power_w is None:
        yield warn(
            subject,
            f"{place}: has no meter",
            f"While it is closed the load is taken to draw {load.levels[0].power_w} W, as site.yaml says, "
            "whatever its thermostat does. A relay with a meter would know.",
        )
    yield ok(subject, f"{place}: {'is closed' if reading.is_closed else 'is open'}")


def _made_by(about: About | None) -> str:
    """Who made it and what it is rated at, where it says so."""
    if about is None or not about.maker:
        return ""
    rated = f", {about.rated_w:g} W" if about.rated_w else ""
    return f" ({about.maker} {about.model}{rated})"


def _auto_off_advice(relay: RelayConfig) -> str:
    if relay.kind == "tasmota":  # it counts outputs from 1, and seconds from 100
        return f"In the console, type: PulseTime{relay.channel + 1} {relay.auto_off_s + 100}"
    return f"Set auto off to {relay.auto_off_s} s"


def _values(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in sorted(values.items())) or "answers without a value"


def _advice(problem: DeviceError) -> str:
    if isinstance(problem, DeviceRefused):
        return "It answers, but will not. Do what it says, or compare driver or kind, and secret, with site.yaml."
    if isinstance(problem, DeviceSilent):
        return "Is it switched on and in this network? Compare its address with site.yaml."
    return "Something answers there, but not as site.yaml says. Compare kind, port and unit_id."
