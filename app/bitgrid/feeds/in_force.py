"""Whether the feeds still reckon by the configuration that the rules go by; if not, they begin anew by it.

The rules take over changed policies while running, an owner's price of Bitcoin among them. What the feeds learned
is in their store, so that beginning anew costs them nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from bitgrid.bus import DecisionEvent, Received, decode
from bitgrid.config import Config, ConfigError

log = logging.getLogger(__name__)


class InForce:
    """Hears the decisions, each of which names its configuration.

    Args:
        own: the hash of the configuration that the feeds were started with.
        read: the configuration as its files are now.
        begin_anew: ends the process, which is then started again.
    """

    def __init__(self, own: str, read: Callable[[], Config], begin_anew: Callable[[], None]) -> None:
        self._own, self._read, self._begin_anew = own, read, begin_anew

    def on_decision(self, received: Received) -> None:
        """A decision; one by another configuration counts once that can be read here, too."""
        event = decode(DecisionEvent, received.payload)
        state = None if event is None else event.record.get("state")
        told = state.get("config_hash") if isinstance(state, dict) else None
        if received.retained or not told or told == self._own:
            return
        try:
            is_ours_now = self._read().config_hash == told
        except ConfigError:
            return
        if is_ours_now:
            log.info("the rules go by another configuration; the feeds begin anew by it")
            self._begin_anew()
