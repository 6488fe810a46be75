"""What the room *System* shows: how each part is, what is backed up and mirrored, what is on. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bitgrid.config import Config, ConfigError, Flags
from bitgrid.config.files import load_file
from bitgrid.store import backup_state
from bitgrid.web.house import House
from bitgrid.web.words import UNKNOWN, Words

_DAY_S = 86_400
BACKUP_OLD_S = 2 * _DAY_S
RESTORE_OLD_S = 366 * _DAY_S
_SHORT = 12


@dataclass(frozen=True)
class Part:
    """A process: its id, what it does, how it is, why, and when it was heard last."""

    id: str
    does: str
    status: str
    state: str
    reason: str
    heard: str


@dataclass(frozen=True)
class Line:
    """A fact and whether it needs looking at; ``detail`` is in the words of whoever told it."""

    label: str
    text: str
    is_old: bool = False
    detail: str = ""


class System:
    """The system at one moment.

    Args:
        config: the configuration this page was started with.
        house: what is heard of the house.
        words: of the language.
        data: the house's data; None for a page without a house.
        directory: of its configuration; None likewise.
    """

    def __init__(
        self, config: Config, house: House, words: Words, data: Path | None, directory: Path | None
    ) -> None:
        self._config, self._house, self._words = config, house, words
        self._data, self._directory = data, directory

    @property
    def is_connected(self) -> bool:
        """Whether the broker can be reached."""
        return self._house.is_connected

    @property
    def parts(self) -> list[Part]:
        """Every process of the house, and the bridge to Home Assistant where it is on."""
        return [self._part(name) for name in self._house.parts]

    @property
    def config_hash(self) -> str:
        """Of the configuration that the rules decide by, as they tell it; else of the one this page knows."""
        energy = self._house.energy
        return (self._config.config_hash if energy is None else energy.message.config_hash)[:_SHORT]

    @cached_property
    def research(self) -> bool | None:
        """Whether research is switched on in flags.yaml as it stands; None where that cannot be read."""
        if self._directory is None:
            return self._config.flags.research
        try:
            return load_file(self._directory / "flags.yaml", Flags).research
        except ConfigError:
            return None

    @property
    def has_mirror(self) -> bool:
        """Whether a mirror is declared."""
        return self._config.site.mirror is not None

    @property
    def update(self) -> Line | None:
        """The last update of the whole system, as the start after it told; None where there was none."""
        heard = self._house.health.get("update")
        if heard is None:
            return None
        was_kept = heard.message.status == "ok"
        told = self._words.t("system-image-kept" if was_kept else "system-image-left")
        return Line(self._words.t("system-image"), told, not was_kept, heard.message.reason)

    @property
    def backups(self) -> list[Line]:
        """The last backup, the last tested restore, and the mirror."""
        state = None if self._data is None else backup_state.read(self._data)
        lines = [] if state is None else [self._backup(state), self._restore(state)]
        return [*(lines or self._backup_as_heard()), *self._mirror()]

    def _part(self, name: str) -> Part:
        status, reason = self._house.component(name)
        heard = self._house.health.get(name)
        age_s = None if heard is None else self._house.age_s(heard)
        t = self._words.t
        last = t("age-unknown") if heard is not None else UNKNOWN
        if age_s is not None:
            last = t("system-ago", age=self._words.figures.duration(age_s))
        return Part(name, t(f"system-does-{name}"), status, t(f"health-{status}"), reason, last)

    def _backup(self, state: backup_state.BackupState) -> Line:
        when, is_old = self._date(state.last_success_s, BACKUP_OLD_S, "system-backup-never")
        return Line(self._words.t("system-backup"), when, is_old or bool(state.problem), state.problem)

    def _restore(self, state: backup_state.BackupState) -> Line:
        when, is_old = self._date(state.restore_tested_s, RESTORE_OLD_S, "system-restore-never")
        return Line(
            self._words.t("system-restore"), when, is_old or bool(state.restore_problem), state.restore_problem
        )

    def _backup_as_heard(self) -> list[Line]:
        """Without the file, what the bus still tells of the last backup; of a restore it tells nothing."""
        t = self._words.t
        restore = Line(t("system-restore"), t("system-restore-never"), is_old=True)
        heard = self._house.health.get("backup")
        if heard is None:
            return [Line(t("system-backup"), t("system-backup-none"), is_old=True), restore]
        when, is_old = self._date(heard.message.at_s, BACKUP_OLD_S, "system-backup-never")
        if heard.message.status != "ok":
            when, is_old = t("system-backup-failed", when=when), True
        return [Line(t("system-backup"), when, is_old, heard.message.reason), restore]

    def _mirror(self) -> list[Line]:
        """How the mirror is, as it tells itself."""
        t = self._words.t
        if not self.has_mirror:
            return [Line(t("system-mirror"), t("system-mirror-off"))]
        status, reason = self._house.component("mirror")
        return [Line(t("system-mirror"), t(f"health-{status}"), status != "ok", reason)]

    def _date(self, at_s: float | None, old_s: int, never: str) -> tuple[str, bool]:
        if at_s is None:
            return self._words.t(never), True
        age_s = self._house.now_s - at_s
        when = self._words.figures.date(at_s)
        return self._words.t("system-when", when=when, age=self._words.figures.duration(age_s)), age_s > old_s
