"""The guard: a watch over every load, its hands at the devices, and an ear for `rules`."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.devices.ports import MinerDriver, RelayDriver
from bitgrid.guard.hands import Hand, HandMaker, InlineHand
from bitgrid.guard.jobs import MinerDid, MinerJob, RelayDid, RelayJob, do_miner, do_relay
from bitgrid.guard.limits import limits_from
from bitgrid.guard.link import ClearTrip, GuardReport, Release, Renew, Restart, decode_request
from bitgrid.guard.watch import Watch

REPORT_EVERY_S = 5.0
_ROUNDS = 6

log = logging.getLogger(__name__)


@dataclass
class _Ward:
    """A load: the watch over it and the hands at its devices."""

    watch: Watch
    miner: Hand[MinerJob, MinerDid]
    relay: Hand[RelayJob, RelayDid] | None

    def work(self, clock: Clock) -> None:
        """Take in what was done, judge, hand out what is due; until nothing more is due now."""
        for _ in range(_ROUNDS):
            self._collect(clock.boot())
            self.watch.step(clock.boot())
            if not self._hand_out(clock.boot()):
                return

    def _collect(self, now: float) -> None:
        for miner_did in self.miner.take():
            self.watch.miner_did(miner_did, now)
        for relay_did in self.relay.take() if self.relay else ():
            self.watch.relay_did(relay_did, now)

    def _hand_out(self, now: float) -> bool:
        given = False
        if self.miner.is_free and (miner_job := self.watch.miner_job(now)):
            self.miner.do(miner_job)
            given = True
        if self.relay and self.relay.is_free and (relay_job := self.watch.relay_job(now)):
            self.relay.do(relay_job)
            given = True
        return given


class Guard:
    """R3, alone.

    Args:
        config: as read from disk at start; never read again.
        miners: a driver for every load, on a connection of the guard's own.
        relays: a driver for every load that has a relay.
        clock: the house's clock.
        instance: tells this process from the one before it.
        executor: who does the devices' jobs: `InlineHand` or `ThreadHand`.
        peers: the user ids that may ask; by default this process's own.
        tell: hears a report after each request, when something changed, and every five seconds.
        end: called when the site has changed, so that this process ends and is started anew.
    """

    def __init__(  # noqa: PLR0913  everything it may touch is handed in, by name
        self,
        config: Config,
        miners: Mapping[str, MinerDriver],
        relays: Mapping[str, RelayDriver],
        clock: Clock,
        instance: str,
        *,
        executor: HandMaker = InlineHand,
        peers: frozenset[int] | None = None,
        tell: Callable[[GuardReport], object] = lambda _: None,
        end: Callable[[], object] = lambda: None,
    ) -> None:
        self._clock = clock
        self._instance = instance
        self._peers = frozenset({os.geteuid()}) if peers is None else peers
        self._tell, self._end = tell, end
        self._ignored = 0
        self._next_report_boot_s = clock.boot()
        self._told: object = None
        trip_ids = (f"{instance}-{number}" for number in itertools.count(1))
        self._wards = dict(_wards(config, miners, relays, clock, executor, partial(next, trip_ids)))

    def on_datagram(self, data: bytes, uid: int) -> None:
        """Hear a request; what is none, or comes from anybody else, changes nothing and is not answered."""
        request = decode_request(data) if uid in self._peers else None
        if request is None:
            self._ignored += 1
            return
        if isinstance(request, Restart):
            log.warning("the site has changed: every load is put off, and the guard starts anew")
            self._end()
            return
        ward = self._wards.get(request.load)
        if ward is not None:
            self._hear(request, ward.watch)
            ward.work(self._clock)
        self._send_report()

    def step(self) -> None:
        """Watch every load once; about once a second.

        Raises:
            HandLost: a hand died or hangs; let the process end.
        """
        for ward in self._wards.values():
            ward.work(self._clock)
        if self._clock.boot() >= self._next_report_boot_s or self._state() != self._told:
            self._send_report()

    def report(self) -> GuardReport:
        """The loads as measured, now."""
        now = self._clock.boot()
        loads = {name: ward.watch.view(now) for name, ward in self._wards.items()}
        return GuardReport(instance=self._instance, sent_boot_s=now, loads=loads)

    def close(self) -> None:
        """Stop every load and hear no renewal any more; go on stepping until `is_all_off`."""
        for ward in self._wards.values():
            ward.watch.close(self._clock.boot())

    @property
    def is_all_off(self) -> bool:
        """Whether every load is measured to be off."""
        return all(ward.watch.is_off(self._clock.boot()) for ward in self._wards.values())

    def _hear(self, request: Renew | Release | ClearTrip, watch: Watch) -> None:
        now = self._clock.boot()
        match request:
            case Renew():
                watch.renew(request, now)
            case Release():
                watch.release(request.reason, now)
            case ClearTrip():
                watch.clear(request.trip_id)

    def _state(self) -> object:
        """What a listener should hear of at once when it changes."""
        views = self.report().loads.items()
        return [(name, view.relay, view.lease_id, view.confirmed_off, view.trip) for name, view in views]

    def _send_report(self) -> None:
        if self._ignored:
            log.warning("%d datagrams ignored: no request, or not from a user that may ask", self._ignored)
            self._ignored = 0
        self._next_report_boot_s = self._clock.boot() + REPORT_EVERY_S
        self._told = self._state()
        self._tell(self.report())


def _wards(  # noqa: PLR0913, PLR0917  the guard's own arguments, unpacked once
    config: Config,
    miners: Mapping[str, MinerDriver],
    relays: Mapping[str, RelayDriver],
    clock: Clock,
    executor: HandMaker,
    new_trip_id: Callable[[], str],
) -> Iterator[tuple[str, _Ward]]:
    for name, limits in limits_from(config, clock.speed).items():
        watch = Watch(name, limits, clock.boot(), new_trip_id)
        miner = executor(f"{name}'s miner", partial(do_miner, miners[name], clock), clock)
        relay = None
        if limits.auto_off_s is not None:
            relay = executor(f"{name}'s relay", partial(do_relay, relays[name], clock), clock)
        yield name, _Ward(watch, miner, relay)
