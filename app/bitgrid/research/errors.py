"""What can go wrong with a bundle; the text says what it means and what to do.

ResearchError           nothing was written, or nothing is believed
├─ NotPseudonymous    something could not be replaced, so nothing is handed out
├─ LimitReached       the bundle would be too large, or took too long
├─ NothingToExport    nothing is archived of what was asked for
└─ BadBundle          a file is no bundle, or not as it was signed
"""

from __future__ import annotations


class ResearchError(Exception):
    """A bundle was not made, or cannot be believed."""


class NotPseudonymous(ResearchError):
    """A text that nobody expected there could name somebody; the text tells where it stands, not what it says."""


class LimitReached(ResearchError):
    """The bundle would be larger, or takes longer, than it may."""


class NothingToExport(ResearchError):
    """The archive holds nothing of what was asked for; the text says what it holds."""


class BadBundle(ResearchError):
    """No bundle, or one that was changed after it was signed."""
