"""What mining brings: difficulty, height and price, from whom the owner named, and what follows for each load.

May touch: the owner's node and the server that site.yaml names, through the `Fetch` handed in; the feeds' store.
"""

from bitgrid.feeds.bitcoin.feed import BitcoinFeed

__all__ = ["BitcoinFeed"]
