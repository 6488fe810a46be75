"""HouseView: listens to the bus and keeps the last of everything, with the boot time at which it came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from bitgrid.bus import Bus, DecisionEvent, EnergyStateMessage, Health, LoadState, Received, Topics, decode
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.explain import read_record
from bitgrid.web.house import PASSING, Decided, Heard, House
from bitgrid.web.readings import Readings

COMPONENTS = ("poller", "loads", "guard", "rules", "recorder", "feeds", "explain", "web")
BRIDGE = "bridge"
ASIDE = ("mirror", *PASSING, BRIDGE)
"""What is heard of, where a house has it, and is no part of what must run."""
DECISIONS_KEPT = 20


class HouseView:
    """What has been heard. Written by the bus's thread, read by the web's.

    Only loads of the configuration and components of the house are kept, so nobody can fill it up.
    """

    def __init__(self, config: Config, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self._timeout_s, self._block_s = config.rules.r3.comm_timeout_s, config.rules.block_s
        self._load_ids = tuple(load.id for load in config.site.loads)
        self._parts = (*COMPONENTS, BRIDGE) if config.site.home_assistant.enabled else COMPONENTS
        self._lock = threading.Lock()
        self.readings = Readings(config, bus, clock)
        self._energy: Heard[EnergyStateMessage] | None = None
        self._loads: dict[str, Heard[LoadState]] = {}
        self._decisions: deque[Decided] = deque(maxlen=DECISIONS_KEPT)
        self._health: dict[str, Heard[Health]] = {}
        self._when_decided: list[Callable[[], None]] = []
        topics = Topics(config.site.site)
        bus.subscribe(topics.energy, self._on_energy)
        bus.subscribe(topics.load_state("+"), self._on_load)
        bus.subscribe(topics.decision, self._on_decision)
        bus.subscribe(topics.health("+"), self._on_health)

    def when_decided(self, tell: Callable[[], None]) -> None:
        """From now on call this for every decision that is heard, in the bus's thread: it must be quick."""
        self._when_decided.append(tell)

    def snapshot(self) -> House:
        """The house now."""
        with self._lock:
            return House(
                now_s=self._clock.now(),
                boot_s=self._clock.boot(),
                is_connected=self._bus.is_connected,
                timeout_s=self._timeout_s,
                block_s=self._block_s,
                load_ids=self._load_ids,
                energy=self._energy,
                loads=dict(self._loads),
                decisions=tuple(reversed(self._decisions)),
                health=dict(self._health),
                parts=self._parts,
            )

    def _on_energy(self, received: Received) -> None:
        message = decode(EnergyStateMessage, received.payload)
        if message is not None:
            with self._lock:
                self._energy = Heard(message, self._clock.boot(), received.retained)

    def _on_load(self, received: Received) -> None:
        message = decode(LoadState, received.payload)
        if message is not None and message.load in self._load_ids:
            with self._lock:
                self._loads[message.load] = Heard(message, self._clock.boot(), received.retained)

    def _on_decision(self, received: Received) -> None:
        event = decode(DecisionEvent, received.payload)
        view = None if event is None else read_record(event.record)
        if event is None or view is None or view.load not in self._load_ids:
            return
        with self._lock:
            if any(decided.id == event.id for decided in self._decisions):
                return
            self._decisions.append(Decided(event.id, event.record, view, event.head))
        for tell in self._when_decided:
            tell()

    def _on_health(self, received: Received) -> None:
        component = received.topic.rsplit("/", 1)[1]
        message = decode(Health, received.payload)
        if message is not None and component in (*COMPONENTS, *ASIDE):
            with self._lock:
                self._health[component] = Heard(message, self._clock.boot(), received.retained)
