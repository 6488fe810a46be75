"""The bridge to Home Assistant, wired: a thread of the web process with a connection to the broker of its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from bitgrid.bus import Received
from bitgrid.bus.client import MqttBus
from bitgrid.ha.bridge import STEP_MACHINE_S, Bridge
from bitgrid.ha.bundles import HouseBundles
from bitgrid.ha.commands import Commands
from bitgrid.ha.discovery import AVAILABLE
from bitgrid.ha.phrases import Phrases
from bitgrid.ha.today import Today
from bitgrid.ha.told import OFFLINE
from bitgrid.services.runtime import Inbox, Service
from bitgrid.web.app import Web

COMPONENT = "bridge"


def start_bridge(service: Service, web: Web) -> threading.Thread:
    """Bridge until the web process is told to end.

    Args:
        service: the web process.
        web: what its pages work with.
    """
    own = replace(service, component=COMPONENT, inbox=Inbox())
    bus = own.connect_bus((own.topics.ha(AVAILABLE), OFFLINE))
    phrases = Phrases.of(web.words[own.config.site.language])
    bridge = Bridge(own.config, web.view, bus, own.clock, phrases, _today(web))
    commands = Commands(own.config, web.asker, phrases, HouseBundles(web, phrases.words), bridge.answer)

    def take(received: Received) -> None:
        own.inbox.put(partial(commands.take, received))

    bus.subscribe(own.topics.ha("cmd", "+"), take)
    thread = threading.Thread(target=_live, args=(own, bus, bridge), name=COMPONENT, daemon=True)
    thread.start()
    return thread


def _live(own: Service, bus: MqttBus, bridge: Bridge) -> None:
    own.run_loop(bus, bridge.step, STEP_MACHINE_S * own.clock.speed)
    bridge.stop()
    own.close_bus(bus)


def _today(web: Web) -> Today | None:
    if web.kpis is None:
        return None
    zone, language = ZoneInfo(web.config.site.location.timezone), web.config.site.language
    return Today(web.kpis, web.clock, zone, language, ThreadPoolExecutor(1, "kpi"))
