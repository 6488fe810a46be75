"""Reload: a changed configuration is taken whole or not at all, recorded, and live within one block.

Rules, flags and policies are live at once. A changed site (its devices, loads, broker) needs the processes that
speak to them to start anew, so it is refused here, in words, and the one in force stays.
"""

from __future__ import annotations

import logging
from pathlib import Path

from bitgrid.bus import Bus, CommandReply, Received, ReloadRequest, decode
from bitgrid.config import Config, ConfigError, load_config
from bitgrid.control.engine import Engine

log = logging.getLogger(__name__)

WATCH_EVERY_S = 10.0
_FILES = ("site.yaml", "bitgrid_rules.yaml", "flags.yaml", "policies.yaml")


class Reloader:
    """Watches the configuration's files, and hears requests to read them anew.

    Args:
        engine: what goes on by it.
        bus: where answers go.
        directory: where the files are.
    """

    def __init__(self, engine: Engine, bus: Bus, directory: Path) -> None:
        self._engine, self._bus, self._directory = engine, bus, directory
        self._seen = self._stamp()
        self._next_look_boot_s = engine.clock.boot() + WATCH_EVERY_S
        self.problem = ""

    def step(self) -> None:
        """Look whether a file has changed, when it is time."""
        if self._engine.clock.boot() < self._next_look_boot_s:
            return
        self._next_look_boot_s = self._engine.clock.boot() + WATCH_EVERY_S
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self.reload("file")

    def on_request(self, received: Received) -> None:
        """A person's wish to read the configuration anew."""
        request = decode(ReloadRequest, received.payload)
        if request is None or received.retained:
            return
        self._seen = self._stamp()
        before = self._engine.config.config_hash
        text = self.reload(request.actor)
        code = "REFUSED" if text else "UNCHANGED" if before == self._engine.config.config_hash else "RELOADED"
        reply = CommandReply(
            request_id=request.request_id,
            accepted=not text,
            code=code,
            text=text or self._engine.config.config_hash,
        )
        self._bus.publish(self._engine.topics.reply, reply)

    def reload(self, actor: str) -> str:
        """Take the files as they are now, whole or not at all; why not, or nothing."""
        old = self._engine.config
        try:
            new = load_config(self._directory)
        except ConfigError as error:
            return self._refused(str(error), actor)
        if new.site != old.site:
            return self._refused("site.yaml has changed: restart BitGrid for it to count", actor)
        self.problem = ""
        if new.config_hash != old.config_hash:
            self._adopt(old, new, actor)
        return ""

    def _adopt(self, old: Config, new: Config, actor: str) -> None:
        self._engine.adopt(new)
        log.info("configuration %s in force, after %s", new.config_hash[:12], old.config_hash[:12])
        record = {"what": "configuration", "from": old.config_hash, "to": new.config_hash, "actor": actor}
        self._engine.tell_event("audit", record)

    def _refused(self, why: str, actor: str) -> str:
        self.problem = f"the changed configuration is refused, the one before stays in force: {why}"
        log.error("%s", self.problem)
        self._engine.tell_event("audit", {"what": "configuration_refused", "why": why, "actor": actor})
        return why

    def _stamp(self) -> tuple[tuple[str, int, int] | None, ...]:
        return tuple(_of(self._directory / file) for file in _FILES)


def _of(path: Path) -> tuple[str, int, int] | None:
    """What shows that a file has changed; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return path.name, found.st_mtime_ns, found.st_size
