"""What keeps an operation from being done.

click.ClickException       click prints its text, no traceback
└─ Refusal               what happened, what it means, what to do; nothing was started or changed
"""

from __future__ import annotations

import click


class Refusal(click.ClickException):
    """Something a person asked for was not done; the text says why and what to do."""
