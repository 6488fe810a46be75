"""Taking over a file of the configuration that a person has changed on the page: whole and valid, or not at all.

`rules` is the one process that writes there. Before anything is written the new configuration stands in the
ledger, under its hash. The rules' own file may be changed at any time, and research switched in flags.yaml; the
others only while the house is set up.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

from bitgrid.bus import Bus, CommandReply, ConfigureRequest, Received, RestartNotice, decode
from bitgrid.bus.upkeep import ConfigFile
from bitgrid.config import Config, ConfigError, load_config
from bitgrid.guard.link import Restart
from bitgrid.store import StoreError
from bitgrid.store.files import write_whole

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine
    from bitgrid.control.reload import Reloader

log = logging.getLogger(__name__)

ALWAYS_OPEN: ConfigFile = "bitgrid_rules.yaml"
FLAGS: ConfigFile = "flags.yaml"
PROFILES = "devices"


class Configurer:
    """Hears requests to change a file, and answers each.

    Args:
        engine: what goes on by the configuration.
        bus: where answers go, and the notice that all processes start anew.
        reloader: takes over what has been written.
        directory: where the files are.
    """

    def __init__(self, engine: Engine, bus: Bus, reloader: Reloader, directory: Path) -> None:
        self._engine, self._bus, self._reloader, self._directory = engine, bus, reloader, directory

    def on_request(self, received: Received) -> None:
        """A person's wish to change a file."""
        request = decode(ConfigureRequest, received.payload)
        if request is None or received.retained:
            return
        code, text = self._refusal(request) or self._take_over(request)
        accepted = code in {"CONFIGURED", "CONFIGURED_RESTART", "UNCHANGED"}
        reply = CommandReply(request_id=request.request_id, accepted=accepted, code=code, text=text)
        self._bus.publish(self._engine.topics.reply, reply)
        if code == "CONFIGURED_RESTART":
            self._restart()

    def _refusal(self, request: ConfigureRequest) -> tuple[str, str] | None:
        """Why it may not be changed now."""
        is_open = request.file == ALWAYS_OPEN or self._engine.config.flags.first_run
        if not is_open and not self._is_research_alone(request):
            return "NOT_FIRST_RUN", f"{request.file} is changed from the page only while the house is set up"
        try:
            before = hashlib.sha256((self._directory / request.file).read_bytes()).hexdigest()
        except OSError as error:
            return "NOT_WRITTEN", f"{request.file} cannot be read: {error.strerror}"
        if before != request.before:
            return "CHANGED_MEANWHILE", f"somebody else has changed {request.file} meanwhile; begin anew"
        return None

    def _is_research_alone(self, request: ConfigureRequest) -> bool:
        """Whether it switches research in flags.yaml and nothing else: the owner may, at any time."""
        if request.file != FLAGS:
            return False
        try:
            new = tried(self._directory, request.file, request.text)
        except ConfigError:
            return False
        old = self._engine.config.flags
        return old != new.flags and old.model_copy(update={"research": new.flags.research}) == new.flags

    def _take_over(self, request: ConfigureRequest) -> tuple[str, str]:
        """Try it, keep it in the ledger, write it, go on by it; in this order."""
        engine, old = self._engine, self._engine.config
        try:
            new = tried(self._directory, request.file, request.text)
        except ConfigError as error:
            return "BAD_CONFIGURATION", str(error)
        if not self._is_kept(old, new, request):
            return "NOT_DURABLE", engine.problem
        try:
            path = self._directory / request.file
            write_whole(path, request.text.encode(), S_IMODE(path.stat().st_mode))
        except OSError as error:
            return "NOT_WRITTEN", f"{request.file} could not be written: {error.strerror}"
        if new.site != old.site:
            return "CONFIGURED_RESTART", new.config_hash
        problem = self._reloader.reload(request.actor)
        if problem:
            return "BAD_CONFIGURATION", problem
        return ("UNCHANGED" if new.config_hash == old.config_hash else "CONFIGURED"), new.config_hash

    def _is_kept(self, old: Config, new: Config, request: ConfigureRequest) -> bool:
        """Whether the ledger holds the new configuration, and that somebody wished for it."""
        engine = self._engine
        try:
            engine.journal.configuration(new, engine.blocks.now_s())
        except StoreError as error:
            engine.problem = str(error)
            return False
        told = {"what": "configuration_wished", "file": request.file, "actor": request.actor}
        return engine.tell_event("audit", {**told, "from": old.config_hash, "to": new.config_hash})

    def _restart(self) -> None:
        """Every process reads site.yaml at its start alone: what runs is stopped, and all of them end."""
        log.warning("site.yaml has changed: every process starts anew")
        for name in self._engine.loads:
            self._engine.leases.release(name, "configuration", "R3_FIRST_RUN")
        self._engine.guard.send(Restart())
        self._bus.publish(self._engine.topics.restart, RestartNotice(why="site.yaml has changed"))


def tried(directory: Path, file: ConfigFile, text: str) -> Config:
    """The configuration of a directory as it would be with one file's new text.

    Raises:
        ConfigError: it would not be valid; every problem with its place.
    """
    with TemporaryDirectory(prefix="bitgrid-try-") as name:
        trial = Path(name)
        for other in get_args(ConfigFile):
            if other != file and (directory / other).is_file():
                shutil.copyfile(directory / other, trial / other)
        (trial / file).write_text(text, encoding="utf-8")
        if (directory / PROFILES).is_dir():
            (trial / PROFILES).symlink_to((directory / PROFILES).resolve())
        return load_config(trial)
