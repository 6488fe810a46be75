"""What can go wrong when the past is read.

ReplayError            what happened, what it means, what to do
├─ NotArchived       a record names a configuration, forecast or load that is not there or not readable
└─ NothingThere      no data to work on in the period asked for
"""

from __future__ import annotations


class ReplayError(Exception):
    """What was asked for cannot be done with what is recorded."""


class NotArchived(ReplayError):
    """A record names something that the archive does not have as it was; the text names it."""


class NothingThere(ReplayError):
    """There is nothing to work on; the text says what was looked for."""


class BadQuestion(ReplayError):
    """What was asked cannot be; nothing was decided. The text says what would be right."""
