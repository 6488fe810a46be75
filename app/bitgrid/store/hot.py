"""Opening ``bitgrid.sqlite`` at start, whatever became of it: what the recorder does."""

from __future__ import annotations

from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.store.hot_schema import STEPS
from bitgrid.store.incidents import Loss
from bitgrid.store.opening import open_sound
from bitgrid.store.telemetry import TelemetryStore

KEEP_S = 5 * 86_400.0
"""Hot values are kept a day past their own, longer while the archive does not take them."""


def open_telemetry(path: Path, clock: Clock) -> tuple[TelemetryStore, Loss | None]:
    """The telemetry, and what was lost with a damaged file, if anything.

    A snapshot is given back only while some of it would still be kept: it is taken before a change of form
    alone, for the archive holds each finished day.

    Raises:
        StoreError: it cannot be opened, and is not damaged, or nothing could be put in its place.
    """
    return open_sound(path, clock, TelemetryStore, len(STEPS), since_s=clock.now() - KEEP_S)
