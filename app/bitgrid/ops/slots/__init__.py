"""Two slots for the system: the one that runs, and one that a new system is written into, tried, and kept or left.

Whatever happens on the way, and whenever the power goes, the next start is of one that is whole: what decides on
it is a single sector, written in place. May touch: the other slot, the boot partition, one file of its own.
"""

from bitgrid.ops.slots.errors import SlotError
from bitgrid.ops.slots.state import Phase, Slot, State

__all__ = ["Phase", "Slot", "SlotError", "State"]
