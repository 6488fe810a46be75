"""How each `Kind` is done to real processes, and undone."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading
from collections.abc import Iterator

from bitgrid.ops.supervisor_client import SupervisorAway
from chaos.breaking import stop_wish
from chaos.kinds import HANGS, KILLS, PLANT_FAULTS, Kind
from chaos.rooms import set_network
from chaos.stale import stale_messages
from system.stack import Stack

APPLIANCE = ("guard", "loads", "poller", "rules", "mosquitto")
STALE_S = 3600.0
BALLAST = "ballast"


class RealBreaking:
    """Hands at a running house. `mend` may take a while; let it do so in a thread.

    Args:
        stack: the house.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._killers: dict[Kind, tuple[threading.Event, list[threading.Thread]]] = {}
        self._limited: list[tuple[int, tuple[int, int]]] = []

    def strike(self, kind: Kind) -> None:
        """Let it go wrong."""
        stack = self._stack
        if kind in PLANT_FAULTS:
            stack.plant.fault(PLANT_FAULTS[kind].value)
        elif kind in KILLS or kind is Kind.APPLIANCE_DEAD:
            self._keep_dead(kind)
        elif kind in HANGS or kind is Kind.SUSPENDED:
            self._signal(kind, signal.SIGSTOP)
        elif kind is Kind.PARTITION:
            set_network(is_up=False)
        elif kind is Kind.DISK_FULL:
            self._fill()
        elif kind is Kind.DISK_READ_ONLY:
            self._forbid_writes()
        elif kind is Kind.PERSON_STOPS:
            stack._bus.publish(stack._topics.override, stop_wish())
        elif kind is Kind.STALE_RETAINED:
            self._retain()

    def mend(self, kind: Kind) -> None:
        """Let it be well again; returns when it is."""
        stack = self._stack
        if kind in PLANT_FAULTS:
            stack.plant.clear(PLANT_FAULTS[kind].value)
        elif kind in KILLS or kind is Kind.APPLIANCE_DEAD:
            self._revive(kind)
        elif kind in HANGS or kind is Kind.SUSPENDED:
            self._signal(kind, signal.SIGCONT)
        elif kind is Kind.PARTITION:
            set_network(is_up=True)
        elif kind is Kind.DISK_FULL:
            (stack.var / BALLAST).unlink(missing_ok=True)
        elif kind is Kind.DISK_READ_ONLY:
            self._allow_writes()

    def _keep_dead(self, kind: Kind) -> None:
        stopping = threading.Event()
        names = APPLIANCE if kind is Kind.APPLIANCE_DEAD else (KILLS[kind],)
        self._killers[kind] = stopping, [self._stack.keep_dead(name, stopping) for name in names]

    def _revive(self, kind: Kind) -> None:
        stopping, threads = self._killers.pop(kind)
        stopping.set()
        for thread in threads:
            thread.join()
        for name in APPLIANCE if kind is Kind.APPLIANCE_DEAD else (KILLS[kind],):
            self._stack.revive(name)

    def _signal(self, kind: Kind, number: signal.Signals) -> None:
        """A suspended machine is one where everything but the house around it stands still."""
        wanted = (lambda name: name != "plant") if kind is Kind.SUSPENDED else HANGS[kind].__eq__
        for pid in self._pids(wanted):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self, wanted: object) -> Iterator[int]:
        assert callable(wanted)
        with contextlib.suppress(SupervisorAway):
            yield from (one.pid for one in self._stack.supervisor.programs() if one.pid and wanted(one.name))

    def _fill(self) -> None:
        """Write until the disk takes no byte more."""
        with (self._stack.var / BALLAST).open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while ballast.write(bytes(size)) == size:
                        pass

    def _forbid_writes(self) -> None:
        """Linux refuses every write to a file. (It will not turn a mount read-only while files are open on it.)"""
        for pid in self._pids({"rules", "recorder"}.__contains__):
            with contextlib.suppress(ProcessLookupError):
                _soft, hard = before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
                self._limited.append((pid, before))

    def _allow_writes(self) -> None:
        for pid, before in self._limited:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        self._limited.clear()

    def _retain(self) -> None:
        """The broker keeps what is long stale; then the rules begin anew and are handed it."""
        for topic, message in stale_messages(self._stack._topics, expires_boot_s=1.0, age_s=STALE_S):
            self._stack._bus.publish(topic, message, retain=True)
        for pid in self._pids("rules".__eq__):
            os.kill(pid, signal.SIGKILL)
