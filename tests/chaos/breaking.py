"""How each `Kind` is done to a house whose clock is held, and undone."""

from __future__ import annotations

import uuid

from bitgrid.bus import OverrideRequest
from chaos.chaos_house import ChaosHouse
from chaos.kinds import HANGS, KILLS, LEASE_S, PLANT_FAULTS, Kind
from chaos.stale import stale_messages

DAY_S = 86_400
APPLIANCE = ("guard", "loads", "poller", "rules")
JUMPS_S = {Kind.CLOCK_FORWARD: DAY_S, Kind.CLOCK_BACK: -DAY_S}
REFUSE = {Kind.DISK_FULL: "PRAGMA max_page_count = 1", Kind.DISK_READ_ONLY: "PRAGMA query_only = 1"}
"""SQLite's own refusals, so that the ledger goes the way it would go on a full or write-protected disk."""
TAKE = {Kind.DISK_FULL: "PRAGMA max_page_count = 4294967294", Kind.DISK_READ_ONLY: "PRAGMA query_only = 0"}


class Breaking:
    """Hands at a house.

    Args:
        house: it.
    """

    def __init__(self, house: ChaosHouse) -> None:
        self._house = house

    def strike(self, kind: Kind) -> None:
        """Let it go wrong."""
        house = self._house
        if kind in PLANT_FAULTS:
            house.house.faults.add(PLANT_FAULTS[kind])
        elif kind in JUMPS_S:
            house.clock.wall_s += JUMPS_S[kind]
        elif kind in REFUSE:
            house.set_disk(REFUSE[kind])
        elif kind in KILLS | HANGS:
            self._stop(kind)
        elif kind is Kind.APPLIANCE_DEAD:
            house.kill(*APPLIANCE)
        elif kind is Kind.SUSPENDED:
            house.is_asleep = True
        elif kind is Kind.PARTITION:
            house.is_cut, house.bus.is_connected = True, False
        elif kind is Kind.PERSON_STOPS:
            house.bus.publish(house.topics.override, stop_wish())
        elif kind is Kind.STALE_RETAINED:
            house.redeliver(stale_messages(house.topics, house.clock.boot() + LEASE_S))

    def mend(self, kind: Kind) -> None:
        """Let it be well again."""
        house = self._house
        if kind in PLANT_FAULTS:
            house.house.faults.discard(PLANT_FAULTS[kind])
        elif kind in TAKE:
            house.set_disk(TAKE[kind])
        elif kind in KILLS | HANGS:
            self._go_on(kind)
        elif kind is Kind.APPLIANCE_DEAD:
            for name in APPLIANCE:
                getattr(house, f"start_{name}")()
        elif kind is Kind.SUSPENDED:
            house.is_asleep = False
        elif kind is Kind.PARTITION:
            house.is_cut, house.bus.is_connected = False, True

    def _stop(self, kind: Kind) -> None:
        name = (KILLS | HANGS)[kind]
        if name == "mosquitto":
            self._house.bus.is_connected = False
        elif kind in KILLS:
            self._house.kill(name)
        else:
            self._house.hang(name)

    def _go_on(self, kind: Kind) -> None:
        name = (KILLS | HANGS)[kind]
        if name == "mosquitto":
            self._house.bus.is_connected = True
        elif kind in KILLS:
            getattr(self._house, f"start_{name}")()
        else:
            self._house.go_on(name)


def stop_wish() -> OverrideRequest:
    """A person's stop, until further notice."""
    return OverrideRequest(request_id=uuid.uuid4().hex, load="miner", action="stop", actor="test")
