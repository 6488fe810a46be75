"""What is known of the backups: the last good one, what is in the way, and the last restore that was tried.

Whoever backs up tells it here, once a night; whoever shows it reads it. A backup that nobody has restored is a
hope, so the date of the last *tried* restore stands beside that of the last copy.
May touch: ``backup.json`` in a house's data directory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bitgrid.store.files import write_whole

FILE = "backup.json"
READABLE = 0o644


class BackupState(BaseModel):
    """How it stands; times are UTC epoch seconds.

    Args:
        last_success_s: when the last whole backup was made.
        last_try_s: when one was last tried.
        problem: why the last try failed; empty where it did not.
        restore_tested_s: when a backup was last unpacked and judged whole.
        restore_problem: why the last such test failed; empty where it did not.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    last_success_s: float | None = None
    last_try_s: float | None = None
    problem: str = ""
    restore_tested_s: float | None = None
    restore_problem: str = ""


def read(data: Path) -> BackupState | None:
    """The state; None where nobody has told any, or it cannot be read."""
    try:
        return BackupState.model_validate_json((data / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def tell_backup(data: Path, now_s: float, problem: str = "") -> None:
    """Note that a backup was made, or why it was not.

    Raises:
        OSError: it cannot be noted.
    """
    changes: dict[str, object] = {"last_try_s": now_s, "problem": problem}
    _write(data, changes if problem else changes | {"last_success_s": now_s})


def tell_restore(data: Path, now_s: float, problem: str = "") -> None:
    """Note that a backup was unpacked and judged, or why it is not whole.

    Raises:
        OSError: it cannot be noted.
    """
    changes: dict[str, object] = {"restore_problem": problem}
    _write(data, changes if problem else changes | {"restore_tested_s": now_s})


def _write(data: Path, changes: dict[str, object]) -> None:
    """Keep the state, whole or not at all; everybody on the machine may read it."""
    state = (read(data) or BackupState()).model_copy(update=changes)
    write_whole(data / FILE, state.model_dump_json(by_alias=True).encode(), READABLE)
