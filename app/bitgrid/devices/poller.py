"""Polls one device: signals out, silence told. It never sleeps and holds no thread; somebody steps it.

A device that is silent publishes nothing: whoever holds its last values sees them age. A value from earlier is
published with its own age. What a frozen device tells is published as stale: an old value, told as if new.
"""

from __future__ import annotations

import logging
import math
import random
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from bitgrid.bus import Bus, Quality, Telemetry, Topics
from bitgrid.clock import Clock
from bitgrid.config import DeviceConfig
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.frozen import FrozenWatch
from bitgrid.devices.looking import Answer, Line, Look
from bitgrid.devices.plausible import judged
from bitgrid.devices.ports import Dated, SignalSource, figure

MAX_BACK_OFF_S = 60.0
"""How late the return of a silent device is noticed at most; two poll intervals where that is less."""
_JITTER = 0.25
Trouble = Literal["silent", "untold", "invalid", "frozen"]
"""What is wrong with a device, by kind: for who says it in other words."""
_UNLIKE_A_HOME = (
    "{device} tells {signal} as {value:g}, which no home can have, so that is not believed. Is it the right "
    "device, is its profile right (word order, type, address)?"
)
_FROZEN = (
    "{device} is frozen: it has told exactly the same {what} for {since_s} s or longer while power flows, so that "
    "is not believed any more. Restart the device, and look at the cable to its meter."
)

log = logging.getLogger(__name__)


class DevicePoller:
    """Polls a device whenever it is due.

    Args:
        device: what is asked of it.
        source: the device.
        bus: where its signals go.
        topics: how they are called.
        clock: the house's.
        rng: spreads the tries after an error.
    """

    def __init__(  # noqa: PLR0913, PLR0917  a device, a way to it, a way out, time and chance
        self,
        device: DeviceConfig,
        source: SignalSource,
        bus: Bus,
        topics: Topics,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.problem = ""
        self._device, self._source = device, source
        self._bus, self._topics = bus, topics
        self._clock, self._rng = clock, rng
        self._watch = FrozenWatch(device.frozen_after_s)
        self._due_boot_s = -math.inf
        self._failures = 0
        self._answered_boot_s: float | None = None
        self._trouble: list[Trouble] = []
        self._lines: list[Line] = []
        self._asked: deque[Answer] = deque(maxlen=1)

    def step(self) -> float:
        """Poll if it is due; seconds until it is due again."""
        now = self._clock.boot()
        asked = list(self._asked)
        if asked or now >= self._due_boot_s:
            self._poll(now)
            self._due_boot_s = now + self._pause_s()
        for answer in asked:
            self._asked.remove(answer)
            answer(Look(tuple(self._lines), self.problem, self._clock.boot() - now))
        return max(0.0, self._due_boot_s - self._clock.boot())

    def ask(self, answer: Answer) -> bool:
        """Poll at the next step, whether it is due or not, and hand over what was told; from any thread."""
        if self._asked:
            return False
        self._asked.append(answer)
        return True

    def details(self) -> dict[str, Any]:
        """For the health message: seconds since its last answer (None: never), what is wrong, and of what kind."""
        answered = self._answered_boot_s
        age_s = None if answered is None else round(self._clock.boot() - answered, 1)
        return {"answer_age_s": age_s, "problem": self.problem, "trouble": self._trouble}

    def _poll(self, asked_boot_s: float) -> None:
        self._lines = []
        try:
            told = self._source.read()
        except DeviceError as error:
            self._failures += 1
            self._trouble = ["silent"]
            self._tell(f"{self._device.id}: {error}")
            return
        self._failures, self._answered_boot_s = 0, asked_boot_s
        figures = {signal: figure(one) for signal, one in told.items()}
        frozen = self._watch.step(figures, asked_boot_s)
        for signal, one in told.items():
            dated = one if isinstance(one, Dated) else Dated(one, asked_boot_s)
            self._publish(signal, dated, is_frozen=signal in frozen)
        complaints = list(self._complaints(figures, frozen))
        self._trouble = list(dict.fromkeys(trouble for trouble, _text in complaints))
        self._tell("; ".join(text for _trouble, text in complaints))

    def _complaints(
        self, figures: Mapping[SignalName, float | None], frozen: frozenset[SignalName]
    ) -> Iterator[tuple[Trouble, str]]:
        """What is wrong with a device that answers."""
        untold = [signal for signal, value in figures.items() if value is None]
        if untold:
            yield "untold", f"{self._device.id} answers, but does not tell {', '.join(untold)}"
        for signal, value in figures.items():
            if judged(self._device, signal, value)[1] is Quality.INVALID:
                yield "invalid", _UNLIKE_A_HOME.format(device=self._device.id, signal=signal, value=value)
        if frozen:
            told = {"what": ", ".join(sorted(frozen)), "since_s": self._device.frozen_after_s}
            yield "frozen", _FROZEN.format(device=self._device.id, **told)

    def _pause_s(self) -> float:
        """The poll interval; twice that, less a random part, while the device stays silent."""
        interval_s = float(self._device.poll_interval_s)
        if self._failures <= 1:
            return interval_s
        return min(2 * interval_s, MAX_BACK_OFF_S) * (1 - _JITTER * self._rng.random())

    def _publish(self, signal: SignalName, dated: Dated, *, is_frozen: bool) -> None:
        value, quality = judged(self._device, signal, dated.value)
        if is_frozen and quality is Quality.GOOD:
            quality = Quality.STALE
        sent_boot_s = self._clock.boot()
        told = Telemetry(
            value=value,
            quality=quality,
            age_s=max(0.0, sent_boot_s - dated.boot_s),
            sent_boot_s=sent_boot_s,
            source=self._device.id,
        )
        self._lines.append(Line(signal, value, quality, round(told.age_s, 1)))
        self._bus.publish(self._topics.telemetry(self._device.id, signal), told, retain=True)

    def _tell(self, problem: str) -> None:
        if problem != self.problem:
            log.log(logging.WARNING if problem else logging.INFO, problem or f"{self._device.id} answers again")
        self.problem = problem
