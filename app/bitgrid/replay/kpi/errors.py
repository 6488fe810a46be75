"""What can go wrong when figures are asked for.

KpiError          what happened, what it means, what to do
├─ BadPeriod      the period asked for is none
└─ Unreadable     a file or database that is needed cannot be read
"""

from __future__ import annotations


class KpiError(Exception):
    """The figures cannot be given."""


class BadPeriod(KpiError):
    """The period is turned round, too long, or no time at all."""


class Unreadable(KpiError):
    """Something that is recorded cannot be read; no figure is made up from the rest."""
