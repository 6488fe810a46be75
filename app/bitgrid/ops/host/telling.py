"""Telling the house how something outside it went: a retained health message, once, and heard by the broker."""

from __future__ import annotations

import threading

from bitgrid.bus import Health, HealthStatus, Topics
from bitgrid.bus.client import MqttBus
from bitgrid.clock import Clock
from bitgrid.config import Site
from bitgrid.ops.broker_access import access_for
from bitgrid.ops.errors import Refusal

CONNECT_WITHIN_S = 10.0


def say_health(site: Site, component: str, status: HealthStatus, reason: str, clock: Clock) -> None:
    """Publish the health of ``component``, retained.

    Raises:
        ConfigError: there is nothing to show to the broker.
        Refusal: the broker does not let it in.
    """
    broker = site.broker
    bus = MqttBus(component, broker.host, broker.port, access=access_for(broker, component))
    give_up_boot_s, never = clock.boot() + CONNECT_WITHIN_S, threading.Event()
    bus.start()
    try:
        while not bus.is_connected:
            if clock.boot() > give_up_boot_s:
                raise Refusal(
                    f"the broker at {broker.host}:{broker.port} does not let {component} in; nobody was told"
                )
            clock.wait(never, 0.05)
        health = Health(status=status, reason=reason, instance=component, at_s=clock.now())
        bus.publish(Topics(site.site).health(component), health, retain=True)
    finally:
        bus.stop()
