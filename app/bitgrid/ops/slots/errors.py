"""What can be wrong with an update of the whole system."""

from __future__ import annotations


class SlotError(Exception):
    """The update was not done, in words: what happened, that the system that runs stays, what to do."""
