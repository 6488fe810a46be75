"""The rule daemon on a desk: real engine and ledger, a held clock, and a hand that plays everyone else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.bus import (
    CommandReply,
    DecisionEvent,
    Health,
    HealthStatus,
    LoadCommand,
    OverrideRequest,
    Received,
    Telemetry,
    Topics,
    decode,
)
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.control.engine import Engine
from bitgrid.control.power_cut import PowerCut
from bitgrid.control.requests import Requests
from bitgrid.guard.link import GuardedLoad, GuardReport, Release, Renew, Request, Trip
from bitgrid.store import Ledger

CONFIG_DIRECTORY = Path(__file__).parents[2] / "config"
NOON_S = 1_750_000_200.0  # the start of a block


@dataclass
class HandGuard:
    """Plays the guard: remembers what it was sent, holds each lease it hears of, reports what it is told to."""

    sent: list[Request] = field(default_factory=list)
    confirmed_off: bool = True
    hears: bool = True
    leases: dict[str, str | None] = field(default_factory=dict)
    lease_left_s: float = 30.0
    trip: Trip | None = None
    instance: str = "guard-1"

    @property
    def lease_id(self) -> str | None:
        """The miner's lease."""
        return self.leases.get("miner")

    @lease_id.setter
    def lease_id(self, lease_id: str | None) -> None:
        self.leases["miner"] = lease_id

    def send(self, request: Request) -> None:
        self.sent.append(request)
        if self.hears and isinstance(request, Renew | Release):
            self.leases[request.load] = request.lease_id if isinstance(request, Renew) else None

    def of(self, kind: type) -> list[Any]:
        return [request for request in self.sent if isinstance(request, kind)]

    def report(self, boot_s: float) -> GuardReport:
        return GuardReport(instance=self.instance, sent_boot_s=boot_s, loads={"miner": self.guarded("miner")})

    def guarded(self, name: str) -> GuardedLoad:
        lease_id = self.leases.get(name)
        return GuardedLoad(
            relay="open",
            level="off",
            lease_id=lease_id,
            lease_left_s=self.lease_left_s if lease_id else 0.0,
            power_w=0.0,
            temp_c=None,
            answer_age_s=None,
            confirmed_off=self.confirmed_off,
            trip=self.trip,
        )


class Desk:
    """Drive the engine: `measure` what the house shows, `pass_time`, and look at what came of it."""

    def __init__(self, directory: Path, config: Config | None = None, clock: HeldClock | None = None) -> None:
        self.config = config or load_config(CONFIG_DIRECTORY)
        self.clock = clock or HeldClock(wall_s=NOON_S)
        self.bus, self.guard = MemoryBus(), HandGuard()
        self.topics = Topics(self.config.site.site)
        self.ledger = Ledger(directory / "ledger")
        self.measured = {
            ("inverter", "pv_power_w"): 4500.0,
            ("meter", "grid_power_w"): -3000.0,
            ("battery", "battery_power_w"): 0.0,
            ("battery", "battery_soc_pct"): 80.0,
        }
        self.loads_alive, self.guard_alive, self.loads_instance = True, True, "loads-1"
        self.loads_leases: dict[str, str | None] = {}
        self.commands: list[LoadCommand] = []
        self.decisions: list[dict[str, Any]] = []
        self.replies: list[CommandReply] = []
        self._listen()
        self.start_rules()

    def start_rules(self) -> None:
        """A fresh rule daemon on the same ledger."""
        self.engine = Engine(self.config, self.ledger, self.bus, self.clock, self.guard)
        self.requests = Requests(self.engine, self.bus)
        self.power_cut = PowerCut(self.engine, self.bus)

    def measure(self, **values: float) -> None:
        """Change what the house shows: a signal's name, or `None` to let it fall silent."""
        for name, value in values.items():
            key = next(known for known in [*self.measured, ("miner", name)] if known[1] == name)
            self.measured[key] = value

    def silence(self, name: str) -> None:
        """A signal is told no more."""
        self.measured = {key: value for key, value in self.measured.items() if key[1] != name}

    def pass_time(self, seconds: float, step_s: float = 1.0) -> None:
        """Let time pass; everyone who is alive speaks every second."""
        for _ in range(round(seconds / step_s)):
            self.speak()
            self.engine.step()
            self.power_cut.step()
            self.clock.advance(step_s)

    def speak(self) -> None:
        """Everyone says what there is to say."""
        for (device, name), value in self.measured.items():
            self.tell(device, name, value)
        if self.loads_alive:
            held = {name: {"lease_id": lease_id} for name, lease_id in self.loads_leases.items()}
            health = Health(status=HealthStatus.OK, reason="", instance=self.loads_instance, details=held)
            self.engine.on_loads_health(Received(self.topics.health("loads"), health.encode(), retained=False))
        if self.guard_alive:
            self.engine.on_guard_report(self.guard.report(self.clock.boot()))

    def ask(self, **wish: Any) -> None:
        """A person's wish for the miner."""
        request = OverrideRequest(request_id="r", load="miner", actor="test", **wish)
        self.requests.on_override(Received(self.topics.override, request.encode(), retained=False))

    def tell(  # noqa: PLR0913  what it is, and how it comes
        self,
        device: str,
        name: str,
        value: float,
        *,
        retained: bool = False,
        age_s: float = 0.0,
        sent_boot_s: float | None = None,
    ) -> None:
        """A device tells a value."""
        message = Telemetry(value=value, source=device, age_s=age_s, sent_boot_s=sent_boot_s)
        self.engine.on_telemetry(Received(self.topics.telemetry(device, name), message.encode(), retained))

    def tell_forecast(self, watts: list[float]) -> None:
        """The feeds tell what the sun will do, from the present block on."""
        block = int(self.clock.now() // self.config.rules.block_s)
        message = Telemetry(value=watts, source="clear-sky", first_block=block)
        topic = self.topics.telemetry("forecast", "pv_forecast_w")
        self.engine.on_telemetry(Received(topic, message.encode(), retained=False))

    def tell_price(self, ct_kwh: float) -> None:
        """The feeds tell what a kWh from the grid costs, for a day from the present block on."""
        block = int(self.clock.now() // self.config.rules.block_s)
        message = Telemetry(value=[ct_kwh] * 144, source="market", first_block=block)
        topic = self.topics.telemetry("tariff", "import_prices_ct_kwh")
        self.engine.on_telemetry(Received(topic, message.encode(), retained=False))

    def to_next_block(self) -> None:
        """Go on until the next block has been decided."""
        block_s = self.config.rules.block_s
        self.pass_time(block_s - self.clock.now() % block_s + 1)

    @property
    def actions(self) -> list[tuple[str, str]]:
        """Action and code of every decision that switched."""
        return [(record["action"], record["code"]) for record in self.decisions if record["action"] != "HOLD"]

    def _listen(self) -> None:
        def on_command(received: Received) -> None:
            command = decode(LoadCommand, received.payload)
            assert command is not None
            self.commands.append(command)
            self.loads_leases[command.load] = None if command.level == "off" else command.lease_id

        def on_decision(received: Received) -> None:
            event = decode(DecisionEvent, received.payload)
            assert event is not None
            self.decisions.append(event.record)

        def on_reply(received: Received) -> None:
            reply = decode(CommandReply, received.payload)
            assert reply is not None
            self.replies.append(reply)

        self.bus.subscribe(self.topics.command("+"), on_command)
        self.bus.subscribe(self.topics.decision, on_decision)
        self.bus.subscribe(self.topics.reply, on_reply)
