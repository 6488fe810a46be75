"""What the household will draw, learned from its own history: by kind of day and block of the local day.

May touch: the feeds' store. Nothing here asks anybody; a home's habits leave the home in no way.
"""

from bitgrid.feeds.household.feed import LoadForecastFeed

__all__ = ["LoadForecastFeed"]
