"""The bridge: tells Home Assistant what changed, when it changed, and all of it to one that has just come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from bitgrid.bus import Bus, Received, Topics
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.ha import documents
from bitgrid.ha.commands import Answer
from bitgrid.ha.discovery import AVAILABLE, messages
from bitgrid.ha.entities import ANSWER, DECISION, HOUSE, LOAD, TODAY
from bitgrid.ha.phrases import Phrases
from bitgrid.ha.today import Today
from bitgrid.ha.told import OFFLINE, ONLINE, Told
from bitgrid.web.house import Decided, House
from bitgrid.web.view import DECISIONS_KEPT, HouseView

STEP_MACHINE_S = 1.0
EVERY_MACHINE_S = 10.0
"""Measured values change all the time; they are told this often, all else at once."""


class Bridge:
    """Tells; stepped by one thread.

    Args:
        config: the configuration.
        view: what has been heard of the house.
        bus: the bridge's own connection to the broker.
        clock: the house's time.
        phrases: in which language it speaks.
        today: the key figures; None: nobody here has any.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a bridge stands on
        self,
        config: Config,
        view: HouseView,
        bus: Bus,
        clock: Clock,
        phrases: Phrases,
        today: Today | None = None,
    ) -> None:
        self._config, self._view, self._bus, self._clock = config, view, bus, clock
        self._phrases, self._today, self._topics = phrases, today, Topics(config.site.site)
        self._is_greeted = False
        self._told: dict[str, documents.Document] = {}
        self._known: deque[str] = deque(maxlen=2 * DECISIONS_KEPT)
        self._next_boot_s = 0.0
        bus.subscribe(self._topics.ha_birth, self._on_birth)

    def step(self) -> None:
        """Tell what has changed; everything over a new connection, or where Home Assistant has just started."""
        if self._today is not None:
            self._today.step()
        house = self._view.snapshot()
        fresh = list(self._fresh_decisions(house))
        if not self._bus.is_connected:
            self._is_greeted = False
            return
        if not self._is_greeted:
            self._greet()
        self._tell_documents(house)
        for decided in fresh:
            event = documents.of_decision(decided, self._phrases)
            self._bus.publish(self._topics.ha(DECISION, decided.view.load), Told(event))

    def answer(self, answer: Answer) -> None:
        """Tell what became of a wish."""
        self._bus.publish(self._topics.ha(ANSWER), Told(answer.document()))

    def stop(self) -> None:
        """Say that nothing is told any more."""
        self._bus.publish(self._topics.ha(AVAILABLE), OFFLINE, retain=True)

    def _greet(self) -> None:
        self._is_greeted = True
        self._told.clear()
        for topic, message in messages(self._config, self._phrases):
            self._bus.publish(topic, Told(message), retain=True)
        self._bus.publish(self._topics.ha(AVAILABLE), ONLINE, retain=True)

    def _tell_documents(self, house: House) -> None:
        clock = self._clock
        is_time = clock.boot() >= self._next_boot_s
        if is_time:
            self._next_boot_s = clock.boot() + EVERY_MACHINE_S * clock.speed
        for topic, document in self._documents(house):
            if is_time or _slow(document) != _slow(self._told.get(topic, {})):
                self._told[topic] = document
                self._bus.publish(topic, Told(document), retain=True)

    def _documents(self, house: House) -> Iterator[tuple[str, documents.Document]]:
        site, topics = self._config.site, self._topics
        yield topics.ha(HOUSE), documents.of_house(house, site, self._phrases)
        for load in site.loads:
            yield topics.ha(LOAD, load.id), documents.of_load(house, load, self._phrases)
        if self._today is not None:
            yield topics.ha(TODAY), dict(self._today.document())

    def _fresh_decisions(self, house: House) -> Iterator[Decided]:
        """Those heard since the last step, the oldest first; what the broker had kept for long is no news."""
        for decided in reversed(house.decisions):
            if decided.id not in self._known:
                self._known.append(decided.id)
                if house.now_s - decided.view.at_s <= house.timeout_s:
                    yield decided

    def _on_birth(self, received: Received) -> None:
        if received.payload == b"online":
            self._is_greeted = False


def _slow(document: documents.Document) -> documents.Document:
    """What is told at once when it changes: all but measured numbers; that there is none now is no number."""
    return {
        name: value if value is None or isinstance(value, str | dict) else "" for name, value in document.items()
    }
