"""What is said of the last update, on the screen and to the house."""

from __future__ import annotations

from bitgrid.bus import HealthStatus
from bitgrid.ops.slots.state import Phase, State

_WORDS = {
    Phase.WRITING: "is being written beside {before}, which runs",
    Phase.WRITTEN: "is written beside {before}, which runs",
    Phase.TRIAL: "is on trial; {before} is started again unless it is kept",
    Phase.KEPT: "was well, and took the place of {before}",
    Phase.LEFT: "was not kept: {reason}",
}


def words(state: State) -> str:
    """One sentence, without its full stop."""
    told = _WORDS[state.phase].format(before=state.before, reason=state.reason)
    return f"The update to {state.version} {told}"


def health(state: State) -> tuple[HealthStatus, str]:
    """The same as the house hears it: only an update that was not kept is something to look at."""
    is_left = state.phase is Phase.LEFT
    return HealthStatus.WARN if is_left else HealthStatus.OK, words(state)
