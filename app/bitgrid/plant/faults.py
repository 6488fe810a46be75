"""What can be made to go wrong in the simulated house. Each can be cleared; they may come together.

A fault of "the miner" or "the relay" befalls every load of the site.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Something that is wrong with the house."""

    METER_SILENT = "meter-silent"
    INVERTER_SILENT = "inverter-silent"
    BATTERY_SILENT = "battery-silent"
    METER_FROZEN = "meter-frozen"
    METER_SIGN_SWAPPED = "meter-sign-swapped"
    MINER_SILENT = "miner-silent"
    MINER_HOT = "miner-hot"
    MINER_IGNORES_STOP = "miner-ignores-stop"
    MINER_STARTS_ITSELF = "miner-starts-itself"
    MINER_LIES_OFF = "miner-lies-off"
    MINER_INEFFICIENT = "miner-inefficient"
    MINER_DENIES = "miner-401"
    RELAY_SILENT = "relay-silent"
    RELAY_DENIES = "relay-401"
    RELAY_STUCK_CLOSED = "relay-stuck-closed"
    RELAY_BUTTON = "relay-button"


DESCRIPTIONS: dict[Fault, str] = {
    Fault.METER_SILENT: "the grid meter no longer answers",
    Fault.INVERTER_SILENT: "the PV inverter no longer answers",
    Fault.BATTERY_SILENT: "the battery no longer answers",
    Fault.METER_FROZEN: "the grid meter answers, but for ever with its last value",
    Fault.METER_SIGN_SWAPPED: "the grid meter counts import as export and the other way round",
    Fault.MINER_SILENT: "the miner runs on, but its API no longer answers",
    Fault.MINER_HOT: "the miner's air is blocked: while it hashes its chips climb over 90 °C",
    Fault.MINER_IGNORES_STOP: "the miner acknowledges a stop and goes on hashing",
    Fault.MINER_STARTS_ITSELF: "the miner wakes by itself half a minute after it was sent to sleep",
    Fault.MINER_LIES_OFF: "the miner acknowledges a stop, says that it sleeps, and goes on hashing",
    Fault.MINER_INEFFICIENT: "the miner hashes a sixth less for the same power",
    Fault.MINER_DENIES: "the miner lets nobody in any more, where it asks who one is",
    Fault.RELAY_DENIES: "the relay answers everything with 401, as after its password was changed",
    Fault.RELAY_SILENT: "the relay no longer answers; its own timers run on",
    Fault.RELAY_STUCK_CLOSED: "the relay's contact sticks from its next closing on, or now if it is closed",
    Fault.RELAY_BUTTON: "somebody presses the relay's button once: it closes without a command",
}
