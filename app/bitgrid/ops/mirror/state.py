"""What the mirror remembers between runs: when it last succeeded, and what is in its way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bitgrid.store.files import write_whole

FILE = "state.json"


class State(BaseModel):
    """How it stands; times are UTC epoch seconds of the house.

    Args:
        last_success_s, archive: the last copy that was whole.
        last_try_s: when one was last begun.
        failures: how many have failed since the last success.
        problem: why the last one failed; empty where it did not.
        remark: what Borg remarked on the last success, such as a file that grew meanwhile.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    last_success_s: float | None = None
    archive: str = ""
    last_try_s: float | None = None
    failures: int = 0
    problem: str = ""
    remark: str = ""


def read(directory: Path) -> State:
    """The state; a fresh one where none is, or none that can be read."""
    try:
        return State.model_validate_json((directory / FILE).read_bytes())
    except (OSError, ValidationError):
        return State()


def write(directory: Path, state: State) -> None:
    """Keep the state, whole or not at all.

    Raises:
        OSError: it cannot be kept.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(directory / FILE, state.model_dump_json().encode())


def told(state: State) -> str:
    """How it stands, in words."""
    last = (
        "nothing was copied yet" if state.last_success_s is None else f"last copied {_utc(state.last_success_s)}"
    )
    if state.failures:
        times = "once" if state.failures == 1 else f"{state.failures} times"
        return f"{last}; failed {times} since: {state.problem}"
    return f"{last}; {state.remark}" if state.remark else last


def _utc(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
