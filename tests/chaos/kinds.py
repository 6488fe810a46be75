"""Everything the chaos suite lets go wrong, what it takes away, and within how many seconds the miner must be off.

A *cause* is something a running miner needs and has lost. The bounds count from that loss, by the boot clock, to
the moment the miner's own power is below the site's `off_below_w`. What breaks nothing a miner needs has no cause:
then it may run on, but only as its record says.
"""

from __future__ import annotations

from enum import StrEnum

from bitgrid.plant.faults import Fault

LEASE_S = 45
RELAY_TIMER_S = 120
COMM_TIMEOUT_S = 60
POLL_S = 5
STEP_S = 1


class Cause(StrEnum):
    """What a running miner needs and has lost."""

    RECORD = "no record that lets it run"
    EXPIRED = "its record is of a block that is over"
    CONTROLLER = "rules, loads, guard or broker gone"
    INPUTS = "a required device or the poller silent"
    MINER_API = "the miner's API silent"
    RELAY_API = "the relay silent"
    HEAT = "chips above the limit"
    RESERVE = "the battery below the hard reserve"
    APPLIANCE = "the whole appliance dead, asleep or cut off"
    SELF_MADE = "power that the fault itself makes"


BOUNDS_S: dict[Cause, int] = {
    Cause.RECORD: 15,
    Cause.EXPIRED: LEASE_S + 15,
    Cause.CONTROLLER: 60,
    Cause.INPUTS: COMM_TIMEOUT_S + 2 * POLL_S + 5,
    Cause.MINER_API: RELAY_TIMER_S + STEP_S,
    Cause.RELAY_API: RELAY_TIMER_S + STEP_S,
    Cause.HEAT: 15,
    Cause.RESERVE: 15,
    Cause.APPLIANCE: RELAY_TIMER_S + STEP_S,
    Cause.SELF_MADE: 30,
}
LAST_LAYER_S = RELAY_TIMER_S + STEP_S
"""Where several things are lost at once, or a stop is ignored, the relay's timer still does it."""


class Kind(StrEnum):
    """Something that goes wrong, or that a person does meanwhile."""

    RULES_KILLED = "rules killed"
    LOADS_KILLED = "loads killed"
    GUARD_KILLED = "guard killed"
    POLLER_KILLED = "poller killed"
    RULES_HUNG = "rules stopped in its tracks"
    LOADS_HUNG = "loads stopped in its tracks"
    GUARD_HUNG = "guard stopped in its tracks"
    POLLER_HUNG = "poller stopped in its tracks"
    BROKER_KILLED = "broker killed"
    BROKER_HUNG = "broker stopped in its tracks"
    APPLIANCE_DEAD = "every process killed"
    SUSPENDED = "machine suspended"
    PARTITION = "network cut"
    STALE_RETAINED = "stale message retained"
    METER_SILENT = "meter silent"
    INVERTER_SILENT = "inverter silent"
    BATTERY_SILENT = "battery silent"
    MINER_SILENT = "miner silent"
    RELAY_SILENT = "relay silent"
    MINER_HOT = "miner hot"
    DISK_FULL = "disk full"
    DISK_READ_ONLY = "disk read-only"
    CLOCK_FORWARD = "clock a day forward"
    CLOCK_BACK = "clock a day back"
    DST = "DST change"
    PERSON_STOPS = "a person stops it"
    IGNORES_STOP = "miner ignores its stop"
    STARTS_ITSELF = "miner starts itself"
    RELAY_BUTTON = "relay's button pressed"
    RELAY_STUCK = "relay stuck closed"


LOST_BY: dict[Kind, Cause] = {
    Kind.RULES_KILLED: Cause.CONTROLLER,
    Kind.LOADS_KILLED: Cause.CONTROLLER,
    Kind.GUARD_KILLED: Cause.CONTROLLER,
    Kind.POLLER_KILLED: Cause.INPUTS,
    Kind.RULES_HUNG: Cause.CONTROLLER,
    Kind.LOADS_HUNG: Cause.CONTROLLER,
    Kind.GUARD_HUNG: Cause.CONTROLLER,
    Kind.POLLER_HUNG: Cause.INPUTS,
    Kind.BROKER_KILLED: Cause.CONTROLLER,
    Kind.BROKER_HUNG: Cause.CONTROLLER,
    Kind.APPLIANCE_DEAD: Cause.APPLIANCE,
    Kind.SUSPENDED: Cause.APPLIANCE,
    Kind.PARTITION: Cause.APPLIANCE,
    Kind.METER_SILENT: Cause.INPUTS,
    Kind.INVERTER_SILENT: Cause.INPUTS,
    Kind.BATTERY_SILENT: Cause.INPUTS,
    Kind.MINER_SILENT: Cause.MINER_API,
    Kind.RELAY_SILENT: Cause.RELAY_API,
}
"""What is lost for as long as the fault lasts. Heat, reserve and records are seen, not foretold."""

LEADS_TO: dict[Kind, Cause] = LOST_BY | {
    Kind.MINER_HOT: Cause.HEAT,
    Kind.DISK_FULL: Cause.EXPIRED,
    Kind.DISK_READ_ONLY: Cause.EXPIRED,
    Kind.PERSON_STOPS: Cause.RECORD,
    Kind.IGNORES_STOP: Cause.RECORD,
    Kind.RELAY_STUCK: Cause.RECORD,
    Kind.STARTS_ITSELF: Cause.SELF_MADE,
    Kind.RELAY_BUTTON: Cause.SELF_MADE,
}
"""The cause whose bound a fault's time to off is held against in the table."""

PLANT_FAULTS: dict[Kind, Fault] = {
    Kind.METER_SILENT: Fault.METER_SILENT,
    Kind.INVERTER_SILENT: Fault.INVERTER_SILENT,
    Kind.BATTERY_SILENT: Fault.BATTERY_SILENT,
    Kind.MINER_SILENT: Fault.MINER_SILENT,
    Kind.RELAY_SILENT: Fault.RELAY_SILENT,
    Kind.MINER_HOT: Fault.MINER_HOT,
    Kind.IGNORES_STOP: Fault.MINER_IGNORES_STOP,
    Kind.STARTS_ITSELF: Fault.MINER_STARTS_ITSELF,
    Kind.RELAY_BUTTON: Fault.RELAY_BUTTON,
    Kind.RELAY_STUCK: Fault.RELAY_STUCK_CLOSED,
}

KILLS: dict[Kind, str] = {
    Kind.RULES_KILLED: "rules",
    Kind.LOADS_KILLED: "loads",
    Kind.GUARD_KILLED: "guard",
    Kind.POLLER_KILLED: "poller",
    Kind.BROKER_KILLED: "mosquitto",
}
HANGS: dict[Kind, str] = {
    Kind.RULES_HUNG: "rules",
    Kind.LOADS_HUNG: "loads",
    Kind.GUARD_HUNG: "guard",
    Kind.POLLER_HUNG: "poller",
    Kind.BROKER_HUNG: "mosquitto",
}
SELF_MADE = frozenset({Kind.STARTS_ITSELF, Kind.RELAY_BUTTON, Kind.RELAY_STUCK})
"""A miner that draws without a lease draws by the fault's own doing; that has a bound of its own."""
HINDERS = frozenset({Kind.IGNORES_STOP, Kind.RELAY_SILENT, Kind.MINER_SILENT, Kind.PARTITION})
"""These take a layer away, so a stop needs the next one: the relay's timer is the last."""
MOMENTS = frozenset({Kind.STALE_RETAINED, Kind.CLOCK_FORWARD, Kind.CLOCK_BACK, Kind.DST, Kind.PERSON_STOPS})
"""These are over at once; they do not last."""
NEED_A_STOP = frozenset({Kind.IGNORES_STOP, Kind.STARTS_ITSELF, Kind.RELAY_STUCK, Kind.RELAY_BUTTON})
"""These show only once the miner is stopped, so a person stops it too."""
ONLY_THE_RELAY_HELPS = frozenset(
    {
        Kind.IGNORES_STOP,
        Kind.MINER_SILENT,
        Kind.STARTS_ITSELF,
        Kind.APPLIANCE_DEAD,
        Kind.SUSPENDED,
        Kind.PARTITION,
    }
)
"""Together with a relay that sticks, nothing is left that could put the load off; that is told, not bounded."""


def hindrances(active: frozenset[Kind]) -> int:
    """How many things take a layer away; a button pressed while nobody is there arms the relay's timer anew."""
    unattended = any(LOST_BY.get(kind) is Cause.APPLIANCE for kind in active)
    return len(HINDERS & active) + (unattended and Kind.RELAY_BUTTON in active)


def lost_by(active: frozenset[Kind]) -> frozenset[Cause]:
    """What is known to be lost while these last."""
    return frozenset(LOST_BY[kind] for kind in active if kind in LOST_BY)
