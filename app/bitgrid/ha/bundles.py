"""Research bundles that Home Assistant asks for: made as those of the page are, of the last whole days."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from bitgrid.research.layout import DEFAULT_KINDS
from bitgrid.web.app import Web
from bitgrid.web.bundles import Wish
from bitgrid.web.rooms.exports import hand_out
from bitgrid.web.words import Words


class HouseBundles:
    """Bundles of this house.

    Args:
        web: what its pages work with.
        words: in which a refusal of the rules is told.
    """

    def __init__(self, web: Web, words: Words) -> None:
        self._web, self._words = web, words

    def begin(self, days: int, actor: str) -> None:
        """Have one recorded and begun, up to yesterday; see `commands.Bundles.begin`."""
        zone = ZoneInfo(self._web.config.site.location.timezone)
        today = dt.datetime.fromtimestamp(self._web.clock.now(), zone).date()
        last = today - dt.timedelta(days=1)
        wish = Wish(tuple(DEFAULT_KINDS), today - dt.timedelta(days=days), last)
        hand_out(self._web, wish, actor, self._words)
