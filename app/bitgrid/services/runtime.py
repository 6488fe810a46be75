"""What every service process shares: arguments from the environment, the bus, health, a clean end on SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bitgrid.bus import Health, HealthStatus, Received, RestartNotice, Sayable, Topics, decode
from bitgrid.bus.client import MqttBus
from bitgrid.clock import Clock, clock_from_environment
from bitgrid.config import Config, ConfigError, load_config
from bitgrid.ops.broker_access import access_for
from bitgrid.services.paths import Paths

HEALTH_INTERVAL_S = 5.0
MAX_WAITING = 10_000
EXIT_BAD_CONFIG = 78  # EX_CONFIG of sysexits(3)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StepHealth:
    """How a step found things; None from a step means that all is well."""

    status: HealthStatus = HealthStatus.OK
    reason: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class Inbox:
    """Work that other threads (the bus, a socket) hand to a service's own thread, which it wakes.

    When more waits than `MAX_WAITING`, the oldest gives way.
    """

    def __init__(self) -> None:
        self._work: deque[Callable[[], None]] = deque(maxlen=MAX_WAITING)
        self._woken = threading.Event()

    def put(self, work: Callable[[], None]) -> None:
        """Hand over work."""
        self._work.append(work)
        self._woken.set()

    def wake(self) -> None:
        """End the wait."""
        self._woken.set()

    def wait(self, clock: Clock, seconds: float) -> None:
        """Wait for work, at most ``seconds`` of the house."""
        clock.wait(self._woken, seconds)
        self._woken.clear()

    def run(self) -> None:
        """Do what waits now; what comes meanwhile is for the next time, so that a flood never keeps from a step.

        Raises:
            Exception: of the last piece that failed; the others were done all the same.
        """
        failed: Exception | None = None
        for _ in range(len(self._work)):
            try:
                self._work.popleft()()
            except Exception as error:  # the other pieces are done all the same; it is raised after them
                log.exception("a piece of work failed")
                failed = error
        if failed is not None:
            raise failed


@dataclass
class Service:
    """A process of the house."""

    component: str
    clock: Clock
    config: Config
    paths: Paths
    instance: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    stopping: threading.Event = field(default_factory=threading.Event)
    inbox: Inbox = field(default_factory=Inbox)
    exit_code: int = 0

    @property
    def topics(self) -> Topics:
        """The topics of this site."""
        return Topics(self.config.site.site)

    def connect_bus(self, last_words: tuple[str, Sayable] | None = None) -> MqttBus:
        """A client of the broker with a last will, connecting in the background.

        Ends the process with a clear text if what it is to show to the broker cannot be used.

        Args:
            last_words: topic and message of the will; None: that the connection is lost, as its health.
        """
        broker = self.config.site.broker
        lost = Health(status=HealthStatus.ERROR, reason="connection lost", instance=self.instance)
        will_topic, will = last_words or (self.topics.health(self.component), lost)
        try:
            bus = MqttBus(
                self.component,
                broker.host,
                broker.port,
                will_topic=will_topic,
                will=will,
                speed=self.clock.speed,
                access=access_for(broker, self.component),
            )
        except (ConfigError, OSError) as error:
            log.error("nothing can be shown to the broker, so nothing was started:\n%s", error)  # noqa: TRY400  for the owner
            sys.exit(EXIT_BAD_CONFIG)
        bus.subscribe(self.topics.restart, self._on_restart)
        bus.start()
        return bus

    def _on_restart(self, received: Received) -> None:
        """The site has changed: end as if told by a signal; what looks after this process starts it anew."""
        notice = decode(RestartNotice, received.payload)
        if notice is not None and not received.retained:
            log.warning("%s ends, to be started anew: %s", self.component, notice.why)
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Ask the loop to end; from any thread, or from a signal."""
        self.stopping.set()
        self.inbox.wake()

    def start_thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Do ``work`` in a thread of its own, as long as the service lives.

        Should it end before, so does the process, with an error: it is started anew, and whole.
        """

        def live() -> None:
            try:
                work()
            except Exception:  # whatever it is, the process ends with it, and says so
                log.exception("%s: the thread %s failed", self.component, name)
            if not self.stopping.is_set():
                log.critical("%s ends, for its thread %s has; it will be started anew", self.component, name)
                self.exit_code = os.EX_SOFTWARE
                self.stop()

        thread = threading.Thread(target=live, name=name, daemon=True)
        thread.start()
        return thread

    def run_loop(
        self,
        bus: MqttBus,
        step: Callable[[], StepHealth | None],
        interval_s: float,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run the inbox at once and ``step`` every ``interval_s``, and tell health, until the end or ``until``.

        An error in a step is logged, told as health, and never ends the loop.
        """
        next_step_s = next_health_s = 0.0
        told = stepped = StepHealth()
        while not self.stopping.is_set() and not until():
            self.inbox.wait(self.clock, max(0.0, next_step_s - self.clock.boot()))
            failed = self._step_safely(self.inbox.run)
            if self.clock.boot() >= next_step_s:
                next_step_s = self.clock.boot() + interval_s
                stepped = self._step_safely(step) or StepHealth()
            now = failed or stepped
            if self.clock.boot() >= next_health_s or (now.status, now.reason) != (told.status, told.reason):
                next_health_s, told = self.clock.boot() + HEALTH_INTERVAL_S, now
                self._tell(bus, now)

    def _step_safely(self, step: Callable[[], StepHealth | None]) -> StepHealth | None:
        try:
            return step()
        except Exception as error:  # the loop outlives every fault; the reason is told, not swallowed
            log.exception("%s: step failed", self.component)
            return StepHealth(HealthStatus.ERROR, f"{type(error).__name__}: {error}")

    def _tell(self, bus: MqttBus, step: StepHealth) -> None:
        health = Health(
            status=step.status,
            reason=step.reason,
            instance=self.instance,
            at_s=self.clock.now(),
            sent_boot_s=self.clock.boot(),
            details=step.details,
        )
        bus.publish(self.topics.health(self.component), health, retain=True)

    def close_bus(self, bus: MqttBus) -> None:
        """Tell that this component ended by itself, then leave the broker."""
        bus.publish(
            self.topics.health(self.component),
            Health(status=HealthStatus.WARN, reason="stopped", instance=self.instance, at_s=self.clock.now()),
            retain=True,
        )
        bus.stop()


def start(component: str) -> Service:
    """Set up a process: logging, configuration, signals. Ends it with a clear text if the configuration is bad."""
    logging.basicConfig(
        level=os.environ.get("BITGRID_LOG_LEVEL", "INFO"),
        format=f"%(asctime)s {component} %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    paths = Paths.from_environment()
    try:
        config = load_config(paths.config)
    except ConfigError as error:
        log.error("configuration refused, nothing was started:\n%s", error)  # noqa: TRY400  the text is for the owner
        sys.exit(EXIT_BAD_CONFIG)
    service = Service(component, clock_from_environment(), config, paths)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    return service
