"""The guard's process. It wires the room to real devices, a real socket and the clock; it knows no bus."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import uuid
from pathlib import Path

from bitgrid.clock import Clock, clock_from_environment
from bitgrid.config import Config, ConfigError, load_config
from bitgrid.devices.registry import build_miner, build_relay
from bitgrid.guard.core import Guard
from bitgrid.guard.hands import ThreadHand
from bitgrid.guard.link import LocalSocket, allowed_user_ids, encode
from bitgrid.guard.loop import live
from bitgrid.guard.notify import Notify
from bitgrid.services.paths import Paths

PEERS_VARIABLE = "BITGRID_GUARD_PEERS"

log = logging.getLogger(__name__)


def build(  # noqa: PLR0913, PLR0917  all that its process has
    config: Config,
    clock: Clock,
    peers: frozenset[int],
    socket: LocalSocket,
    rules: Path,
    stopping: threading.Event,
) -> Guard:
    """The guard over the devices of site.yaml, telling its reports to ``rules``; ``stopping`` ends its process."""
    relays = {load.id: build_relay(load, clock) for load in config.site.loads}
    return Guard(
        config,
        {load.id: build_miner(load, clock) for load in config.site.loads},
        {name: relay for name, relay in relays.items() if relay is not None},
        clock,
        uuid.uuid4().hex[:12],
        executor=ThreadHand,
        peers=peers,
        tell=lambda report: socket.send(encode(report), rules),
        end=stopping.set,
    )


def main() -> None:
    """Run until SIGTERM; then put every load off and end."""
    logging.basicConfig(
        level=os.environ.get("BITGRID_LOG_LEVEL", "INFO"),
        format="%(asctime)s guard %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    paths, clock = Paths.from_environment(), clock_from_environment()
    try:
        config, peers = load_config(paths.config), allowed_user_ids(PEERS_VARIABLE)
    except (ConfigError, KeyError) as error:
        log.error("refused, nothing was started:\n%s", error)  # noqa: TRY400  the text is for the owner
        sys.exit(os.EX_CONFIG)
    socket = LocalSocket(paths.run / "guard.sock")
    try:
        guard = build(config, clock, peers, socket, paths.run / "rules.sock", stopping)
        if not live(guard, socket.receive, clock, stopping, Notify()):
            log.error("ended although a load could not be measured to be off; look at it, or unplug it")
    finally:
        socket.close()


if __name__ == "__main__":
    main()
