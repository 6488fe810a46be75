"""Feeds: what comes from outside the house, or is computed about it: prices and the PV forecast.

May touch: the bus. A fixed tariff and a clear-sky forecast need no network; the price feeds to come are the
only part of BitGrid that may use the internet.
"""
