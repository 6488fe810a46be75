"""What every service process shares: arguments from the environment, the bus, health, a clean end on SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.bus import Health, HealthStatus, Topics
from bitgrid.bus.client import MqttBus
from bitgrid.clock import Clock, clock_from_environment
from bitgrid.config import Config, ConfigError, load_config

HEALTH_INTERVAL_S = 5.0
EXIT_BAD_CONFIG = 78  # EX_CONFIG of sysexits(3)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Paths:
    """Where a process finds its files; each can be set by an environment variable."""

    config: Path
    data: Path
    run: Path

    @classmethod
    def from_environment(cls) -> Paths:
        """``BITGRID_CONFIG_DIR``, ``BITGRID_DATA_DIR`` and ``BITGRID_RUN_DIR``, or the appliance's places."""
        return cls(
            config=Path(os.environ.get("BITGRID_CONFIG_DIR", "/etc/bitgrid")),
            data=Path(os.environ.get("BITGRID_DATA_DIR", "/var/lib/bitgrid")),
            run=Path(os.environ.get("BITGRID_RUN_DIR", "/run/bitgrid")),
        )


@dataclass
class Service:
    """A process of the house."""

    component: str
    clock: Clock
    config: Config
    paths: Paths
    instance: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def topics(self) -> Topics:
        """The topics of this site."""
        return Topics(self.config.site.site)

    def connect_bus(self) -> MqttBus:
        """A client of the broker with this component's last will, connecting in the background."""
        broker = self.config.site.broker
        will = Health(status=HealthStatus.ERROR, reason="connection lost", instance=self.instance)
        bus = MqttBus(
            self.component,
            broker.host,
            broker.port,
            will_topic=self.topics.health(self.component),
            will=will,
            speed=self.clock.speed,
        )
        bus.start()
        return bus

    def run_loop(self, bus: MqttBus, step: Callable[[], None], interval_s: float) -> None:
        """Call ``step`` every ``interval_s`` seconds of the house, and tell health, until the end.

        An error in a step is logged, told as health, and never ends the loop.
        """
        health, next_health_s = Health(status=HealthStatus.OK, reason="", instance=self.instance), 0.0
        while not self.clock.wait(self.stopping, interval_s):
            try:
                step()
                health = health.model_copy(update={"status": HealthStatus.OK, "reason": ""})
            except Exception as error:  # the loop outlives every fault; the reason is told, not swallowed
                log.exception("%s: step failed", self.component)
                health = health.model_copy(
                    update={"status": HealthStatus.ERROR, "reason": f"{type(error).__name__}: {error}"}
                )
            if self.clock.boot() >= next_health_s:
                next_health_s = self.clock.boot() + HEALTH_INTERVAL_S
                bus.publish(
                    self.topics.health(self.component),
                    health.model_copy(update={"at_s": self.clock.now()}),
                    retain=True,
                )

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
        log.error("configuration refused, nothing was started:\n%s", error)  # noqa: TRY400
        sys.exit(EXIT_BAD_CONFIG)
    service = Service(component, clock_from_environment(), config, paths)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stopping.set())
    return service
