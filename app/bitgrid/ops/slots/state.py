"""How far an update has come, in a file of its own on the data partition, where both slots read it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bitgrid.ops.slots.errors import SlotError
from bitgrid.store.files import write_whole

MAX_BYTES = 10_000
_READABLE = 0o644
STATE = "var/lib/bitgrid-update/update.json"
"""Below the root; its directory is root's alone, on the data partition, and may be read by all."""


class Slot(StrEnum):
    """One of the two places for a system."""

    A = "a"
    B = "b"

    @property
    def other(self) -> Slot:
        """The one that this is not."""
        return Slot.B if self is Slot.A else Slot.A


class Phase(StrEnum):
    """Where an update stands."""

    WRITING = "writing"
    """The other slot is being written; there is no system in it."""
    WRITTEN = "written"
    """It is written, and was read back."""
    TRIAL = "trial"
    """The next start is to be a trial of it."""
    KEPT = "kept"
    """It was well, and is what is started from now on."""
    LEFT = "left"
    """It was not kept; ``reason`` says why."""


class State(BaseModel):
    """An update, the one that is under way or the last one.

    Two versions read it: what the newer one adds has a default, and the older passes it over.

    Args:
        phase: where it stands.
        to: the slot it goes into.
        version: the version it brings.
        before: the version that ran when it began.
        at_s: when it came to this phase, UTC epoch seconds by the machine's clock.
        reason: why it was left; empty before.
        had_address: whether the computer was in a network when it began.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    phase: Phase
    to: Slot
    version: str
    before: str
    at_s: int
    reason: str = ""
    had_address: bool = False


def load(path: Path) -> State | None:
    """The state; None where there never was an update, or the file is of no use (then nothing is under way)."""
    try:
        with path.open("rb") as file:
            return State.model_validate_json(file.read(MAX_BYTES))
    except (FileNotFoundError, ValidationError):
        return None
    except OSError as error:
        raise SlotError(f"{path} cannot be read: {error.strerror}; nothing was changed") from error


def save(path: Path, state: State) -> None:
    """Keep the state, whole or as it was before.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, state.model_dump_json().encode(), _READABLE)
