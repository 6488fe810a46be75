"""What feeds work with, handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bitgrid.clock import Clock
from bitgrid.config.secrets import token as token_of
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.web import Fetch
from bitgrid.store.feeds import FeedsStore


@dataclass(frozen=True)
class Means:
    """The house's own, and the ways out of it.

    Args:
        clock: of the house.
        store: what must not be forgotten.
        errands: for what takes long.
        fetch: the way to servers.
        token: reads a token by its file's name.
    """

    clock: Clock
    store: FeedsStore
    errands: Errands
    fetch: Fetch
    token: Callable[[str], str] = token_of
