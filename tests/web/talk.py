"""A house that is told over a bus in memory: what `rules` would say, said by a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.bus import (
    AutonomyRequest,
    Bus,
    CommandReply,
    ConfigureRequest,
    ConfirmRequest,
    DecisionEvent,
    EnergyStateMessage,
    EstopRequest,
    ExportRequest,
    Handler,
    Health,
    HealthStatus,
    LedgerHead,
    LoadState,
    LookRequest,
    Message,
    OverrideRequest,
    Quality,
    Received,
    ReloadRequest,
    ScanRequest,
    SignalView,
    Topics,
    decode,
)
from bitgrid.clock import Clock
from bitgrid.kernel import (
    EnergyState,
    Level,
    LoadMemory,
    LoadProfile,
    RuleSet,
    Signal,
    Trigger,
    decide,
    decision_record,
    to_scaled,
)

REPOSITORY = Path(__file__).parents[2]
NOON_S = 1_750_068_000  # 2025-06-16 12:00 in Berlin, the start of a block
SUNNY = {
    "pv_power_w": 4210.0,
    "grid_power_w": -310.0,
    "battery_power_w": 1650.0,
    "battery_soc_pct": 72.5,
    "miner.temp_c": 61.5,
}
PRICES = {"import_price_ct_kwh": 31.2, "miner.sats_per_kwh": 42.0}
Asked = (
    OverrideRequest
    | EstopRequest
    | AutonomyRequest
    | ConfirmRequest
    | ReloadRequest
    | ExportRequest
    | ConfigureRequest
    | LookRequest
    | ScanRequest
)
MINER = LoadProfile("miner", (Level("eco", 800, 800), Level("full", 1674, 1500)))


@dataclass
class Talk:
    """Says on the bus what the processes of a house say."""

    bus: Bus
    clock: Clock
    topics: Topics
    asked: list[Message] = field(default_factory=list)

    def energy(self, signals: Mapping[str, float | list[float]] | None = None, **more: Any) -> None:
        values = SUNNY if signals is None else signals
        ages, sources = more.pop("ages", {}), more.pop("sources", {})
        old = more.pop("old", ())
        views = {
            name: SignalView(
                value=value,
                quality=Quality.STALE if name in old else Quality.GOOD,
                age_s=ages.get(name, 2.0),
                source=sources.get(name, "test"),
            )
            for name, value in values.items()
        }
        at_s = self.clock.now()
        block = int(at_s // 600)
        message = EnergyStateMessage(
            **{
                "at_s": at_s,
                "block": block,
                "block_ends_s": (block + 1) * 600,
                "signals": views,
                "degraded": [],
                "surplus_w": 3612,
                "config_hash": "c0ffee12deadbeef",
            }
            | more
        )
        self.bus.publish(self.topics.energy, message, retain=True)

    def load(self, level: str = "full", **more: Any) -> None:
        on = level != "off"
        message = LoadState(
            **{
                "load": "miner",
                "at_s": self.clock.now(),
                "level": level,
                "power_w": {"off": 0, "eco": 800, "full": 1674}.get(level, 0),
                "since_s": self.clock.now() - 1500,
                "lease_left_s": 38.0 if on else 0.0,
                "hold_until_s": None,
                "lockout_until_s": None,
                "confirmed_off": not on,
                "measured_power_w": 1652.0 if on else 3.0,
            }
            | more
        )
        self.bus.publish(self.topics.load_state(message.load), message, retain=True)

    def decision(self, signals: dict[str, float] | None = None, **memory: Any) -> dict[str, Any]:
        """A decision by the kernel itself, on these signals."""
        record = decide_on(self.clock.now(), SUNNY if signals is None else signals, **memory)
        self.event(record)
        return record

    def event(self, record: dict[str, Any], decision_id: str = "", head: LedgerHead | None = None) -> None:
        name = decision_id or f"{record['load']}-{record['block']}-{record['at_s']}-{record['trigger']}"
        event = DecisionEvent(id=name, load=record["load"], record=record, head=head)
        self.bus.publish(self.topics.decision, event, retain=True)

    def health(self, component: str, status: HealthStatus = HealthStatus.OK, reason: str = "") -> None:
        message = Health(status=status, reason=reason, instance="a", at_s=self.clock.now())
        self.bus.publish(self.topics.health(component), message, retain=True)

    def all_well(self) -> None:
        """A running house, all of it."""
        self.energy()
        self.load()
        self.decision()
        for component in ("poller", "loads", "guard", "rules", "recorder", "feeds", "explain", "web"):
            self.health(component)

    def answer(
        self,
        *,
        accepted: bool = True,
        text: str = "",
        ends_at_s: int | None = None,
        code: str = "TEST",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """From now on, answer every request like this, as `rules` would."""

        def reply(request_id: str) -> None:
            message = CommandReply(
                request_id=request_id,
                accepted=accepted,
                code=code,
                text=text,
                ends_at_s=ends_at_s,
                details=dict(details or {}),
            )
            self.bus.publish(self.topics.reply, message)

        self._hear(reply)

    def listen(self) -> None:
        """Note every request and answer none."""
        self._hear(lambda _request_id: None)

    def _hear(self, answer: Callable[[str], None]) -> None:
        def note(model: type[Asked]) -> Handler:
            def handler(received: Received) -> None:
                request = decode(model, received.payload)
                assert request is not None
                self.asked.append(request)
                answer(request.request_id)

            return handler

        self.bus.subscribe(self.topics.override, note(OverrideRequest))
        self.bus.subscribe(self.topics.estop, note(EstopRequest))
        self.bus.subscribe(self.topics.autonomy, note(AutonomyRequest))
        self.bus.subscribe(self.topics.confirm, note(ConfirmRequest))
        self.bus.subscribe(self.topics.reload, note(ReloadRequest))
        self.bus.subscribe(self.topics.export, note(ExportRequest))
        self.bus.subscribe(self.topics.configure, note(ConfigureRequest))
        self.bus.subscribe(self.topics.look, note(LookRequest))
        self.bus.subscribe(self.topics.scan, note(ScanRequest))


def decide_on(at_s: float, signals: dict[str, float], **more: Any) -> dict[str, Any]:
    """A record of the real kernel. ``trigger`` and ``required`` apart, ``more`` is the load's memory."""
    trigger, required = more.pop("trigger", Trigger.TICK), more.pop("required", ())
    kernel_signals = {name: Signal(to_scaled(name, value)) for name, value in signals.items()}
    state = EnergyState(
        at_s=int(at_s),
        block=int(at_s) // 600,
        signals=kernel_signals,
        required=required,
        load_ids=("miner",),
        config_hash="c0ffee12deadbeef",
    )
    return decision_record(decide(state, LoadMemory(**more), RuleSet(), MINER, trigger))
