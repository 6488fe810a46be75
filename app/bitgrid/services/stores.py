"""What the processes that write share: a database that cannot be opened yet, and how one is told of in health."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from bitgrid.bus import HealthStatus
from bitgrid.bus.client import MqttBus
from bitgrid.services.runtime import Service, StepHealth, log
from bitgrid.store import StoreError
from bitgrid.store.incidents import Loss

TRY_EVERY_S = 5.0
_Store = TypeVar("_Store")


def opened(service: Service, bus: MqttBus, open_it: Callable[[], _Store]) -> _Store:
    """What ``open_it`` opens, tried again and told as an error while it cannot: a full disk may have room one day.

    Meanwhile nobody renews a lease, so nothing runs. Ends the process when it is told to end before.
    """
    found: list[_Store] = []
    told = ""

    def step() -> StepHealth | None:
        nonlocal told
        try:
            found.append(open_it())
        except StoreError as error:
            if str(error) != told:
                log.error("%s: %s; it is tried again", service.component, error)
            told = str(error)
            return StepHealth(HealthStatus.ERROR, told)
        return None

    service.run_loop(bus, step, TRY_EVERY_S, until=lambda: bool(found))
    if not found:
        service.close_bus(bus)
        sys.exit(service.exit_code)
    return found[0]


def health(error: str, warning: str, loss: Loss | None) -> StepHealth | None:
    """Health of a process that writes: what cannot be written is an error; what was lost is told until it ends."""
    reason = "; ".join(filter(None, (error, warning, str(loss or ""))))
    if not reason:
        return None
    return StepHealth(
        HealthStatus.ERROR if error else HealthStatus.WARN, reason, {"loss": loss.event} if loss else {}
    )
