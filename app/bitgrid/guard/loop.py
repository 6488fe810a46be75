"""The guard's life: hear and watch until told to end, then put every load off and end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bitgrid.clock import Clock
from bitgrid.guard.core import Guard
from bitgrid.guard.notify import Notify

STEP_S = 1.0
CLOSE_MACHINE_S = 8.0

Receive = Callable[[float], tuple[bytes, int] | None]
"""The next datagram and its sender's user id, waited for at most so many machine seconds."""


def live(guard: Guard, receive: Receive, clock: Clock, stopping: threading.Event, notify: Notify) -> bool:
    """Run the guard until ``stopping`` is set; tell whether every load was measured to be off at the end.

    Raises:
        HandLost: a hand at a device died or hangs; let the process end, so that it is started anew.
    """
    guard.step()
    notify.ready()
    while not stopping.is_set():
        _turn(guard, receive, clock, notify)
    guard.close()
    give_up_boot_s = clock.boot() + CLOSE_MACHINE_S * clock.speed
    guard.step()
    while not guard.is_all_off and clock.boot() < give_up_boot_s:
        _turn(guard, receive, clock, notify)
    return guard.is_all_off


def _turn(guard: Guard, receive: Receive, clock: Clock, notify: Notify) -> None:
    heard = receive(STEP_S / clock.speed)
    if heard is not None:
        guard.on_datagram(*heard)
    guard.step()
    notify.alive()
