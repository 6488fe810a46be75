"""Feeds: what comes from outside the house, or is computed about it: prices and the PV forecast.

May touch: the bus. A fixed tariff and the PV forecast need no network; what the owner asks for besides is the
only part of BitGrid that may use the internet.
"""
